/* SPDX-License-Identifier: Apache-2.0 */
/* Parses the options of the commands without profiles. */
#include "cmd/options.h"

#include "front/habits.h"

static const CmdOption *find(const CmdUsage *usage, const char *name, size_t len, char letter)
{
        for (size_t i = 0; i < usage->n; i++) {
                const CmdOption *o = &usage->options[i];
                if (letter ? o->letter == letter : strlen(o->name) == len && strncmp(o->name, name, len) == 0)
                        return o;
        }
        return NULL;
}

static int set_option(const CmdOption *o, const char *value)
{
        if (o->flag)
                *o->flag = true;
        if (o->value)
                *o->value = value;
        return o->list ? strlist_add(o->list, value) : 0;
}

/* Parses one word that begins with a dash; its value may be the next word. */
static int parse_word(const CmdUsage *usage, const char *command, int argc, char **argv, int *i, Error *err)
{
        const char *word = argv[*i], *value = NULL;
        const CmdOption *o;
        if (word[1] == '-') {
                size_t len = strcspn(word + 2, "=");
                o = find(usage, word + 2, len, 0);
                value = word[2 + len] == '=' ? word + 2 + len + 1 : NULL;
        } else {
                o = find(usage, "", 0, word[1]);
                value = word[2] ? word + 2 : NULL;
        }
        const char *advice = o ? NULL : habits_other_option_advice(command, word);
        if (advice)
                return error_set(err, EINVAL, "%s: unknown option '%.60s': %s", command, word, advice);
        if (!o)
                return error_set(err, EINVAL, "%s: unknown option '%.60s'; see \"kurung %s --help\"", command,
                                 word, command);
        if (!o->argument && value)
                return error_set(err, EINVAL, "%s: --%s takes no value", command, o->name);
        if (o->argument && !value && *i + 1 < argc)
                value = argv[++*i];
        if (o->argument && (!value || value[0] == '\0'))
                return error_set(err, EINVAL, "%s: --%s requires a value: %s", command, o->name, o->argument);
        return set_option(o, value) < 0 ? error_no_memory(err) : 0;
}

int cmd_options_parse(const CmdUsage *usage, int argc, char **argv, StrList *ret_words, Error *err)
{
        bool only_words = false;
        for (int i = 1; i < argc && !str_eq(argv[i], "--"); i++)
                if (str_eq(argv[i], "--help") || str_eq(argv[i], "-h")) {
                        cmd_usage_print(usage);
                        return 1;
                }
        for (int i = 1; i < argc; i++) {
                int r = 0;
                if (!only_words && str_eq(argv[i], "--"))
                        only_words = true;
                else if (!only_words && argv[i][0] == '-' && argv[i][1])
                        r = parse_word(usage, argv[0], argc, argv, &i, err);
                else if (strlist_add(ret_words, argv[i]) < 0)
                        r = error_no_memory(err);
                if (r < 0)
                        return r;
        }
        return 0;
}
