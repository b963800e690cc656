/* SPDX-License-Identifier: Apache-2.0 */
/* Names the sandbox in the prompt of its shell. */
#include "cmd/prompt.h"

#include "base/path.h"
#include "spec/values.h"

#define MARK "kurung"

/*
 * Prompts by shell, for those whose start-up files set none. Start-up files of bash (Debian, Ubuntu) and the
 * default prompt of fish show $debian_chroot.
 */
static const struct {
        const char *shell, *prompt, *root_prompt;
} prompts[] = {
        {"bash", "(" MARK ") \\u@\\h:\\w\\$ ", NULL}, {"zsh", "(" MARK ") %n@%m:%~%# ", NULL},
        {"sh", "(" MARK ") $ ", "(" MARK ") # "},     {"dash", "(" MARK ") $ ", "(" MARK ") # "},
        {"ksh", "(" MARK ") $ ", "(" MARK ") # "},    {"mksh", "(" MARK ") $ ", "(" MARK ") # "},
};

/* For bash, whose start-up files replace PS1 on other systems; they leave this one. */
#define BASH_COMMAND "case $PS1 in *" MARK "*|*debian_chroot*) ;; *) PS1=\"(" MARK ") $PS1\" ;; esac"

static int add_unless_set(StrList *env, const char *name, const char *value)
{
        size_t len = strlen(name);
        for (size_t i = 0; i < env->n; i++)
                if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
                        return 0;
        return env_list_set(env, name, value);
}

int prompt_add(PlanPayload *payload, uid_t uid, Error *err)
{
        const char *shell = payload->argv.n > 0 ? path_name(payload->argv.items[0]) : "";
        int r = add_unless_set(&payload->env, "debian_chroot", MARK);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(prompts); i++)
                if (str_eq(shell, prompts[i].shell))
                        r = add_unless_set(&payload->env, "PS1",
                                           uid == 0 && prompts[i].root_prompt ? prompts[i].root_prompt
                                                                              : prompts[i].prompt);
        if (r == 0 && str_eq(shell, "bash"))
                r = add_unless_set(&payload->env, "PROMPT_COMMAND", BASH_COMMAND);
        return r < 0 ? error_no_memory(err) : 0;
}
