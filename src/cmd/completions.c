/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the table that the completions of bash, zsh and fish search, from the tables of commands, options,
 * keys and built-in profiles; run during the build. The fields of a line are between tabs, and none is empty:
 * "-" stands for nothing.
 *
 *      command NAME WORDS HELP
 *      profile NAME WORDS HELP
 *      option  NAMES LONG LETTER VALUE WORDS HELP
 *
 * NAME is a command, a command and a verb ("profile show"), or a command and an option that changes the
 * meaning of its words ("discard --home"); NAMES are several between commas, and "kurung" is the program
 * itself. LONG and LETTER are "--name" and "-n". VALUE says whether the option takes a value: no, maybe (only
 * after "=") or yes.
 *
 * WORDS are the possible values: of an option in any order, of a command by position, with "|" between those
 * of one position and "..." behind a position that repeats. A word is literal, or one of @file, @directory,
 * @command (a program, and behind it its arguments), @profile, @kept, @running, @sandbox (kept or running),
 * @home (the name of a kept home) and @variable; "persist:@home" is a literal before the name.
 */
#include "cmd/command.h"
#include "cmd/image.h"
#include "cmd/options.h"
#include "cmd/profile.h"
#include "front/builtin.h"
#include "front/front.h"

#include <stdio.h>

/* The command whose usage is printed; its options are those of "NAME" in the table. */
static const char *command_name;

/* In single quotes of fish, a backslash and a quote are escaped. */
static bool for_fish;

static void print_field(const char *text)
{
        for (const char *p = text; *p; p++) {
                if (for_fish && (*p == '\'' || *p == '\\'))
                        putchar('\\');
                if (*p == '\n')
                        p += strspn(p, "\n ") - 1;
                putchar(*p == '\t' ? ' ' : *p);
        }
}

static void print_line(const char *const *fields, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                print_field(fields[i] && fields[i][0] ? fields[i] : "-");
                putchar(i + 1 < n ? '\t' : '\n');
        }
}

static void print_command(const char *name, const char *words, const char *help)
{
        print_line((const char *const[]){"command", name, words, help}, 4);
}

/* The kinds of values whose name in the help says what they are. */
static const struct {
        const char *argument, *words;
} kinds[] = {
        {"PATH", "@file"},
        {"FILE", "@file"},
        {"DIR", "@directory"},
        {"NAME[=VALUE]", "@variable"},
        {"NAME=VALUE", "@variable"},
        {"persist:NAME", "persist:@home"},
        {"WHEN", "auto always never"},
};

/* Appends the words of one alternative of an argument, such as "host", "DIR" or "[-]PATH[:DEST]". */
static void append_alternative(const char *text, size_t len, char *words, size_t room)
{
        char one[64];
        const char *found = NULL;
        if (len >= 3 && str_starts(text, "[-]")) {
                text += 3;
                len -= 3;
        }
        (void)snprintf(one, sizeof(one), "%.*s", (int)(len < sizeof(one) ? len : 0), text);
        for (size_t i = 0; !found && i < ARRAY_LEN(kinds); i++)
                if (str_eq(one, kinds[i].argument) ||
                    (str_eq(kinds[i].argument, "PATH") && str_starts(one, "PATH[:")))
                        found = kinds[i].words;
        if (!found && one[0] && strspn(one, "abcdefghijklmnopqrstuvwxyz-") == strlen(one))
                found = one;
        size_t used = strlen(words);
        if (found)
                (void)snprintf(words + used, room - used, "%s%s", used ? " " : "", found);
}

/* Fills @words with the values that an argument's text names; "|" in brackets separates nothing. */
static void argument_words(const char *argument, char *words, size_t room)
{
        int depth = 0;
        words[0] = '\0';
        for (const char *p = argument, *begin = argument;; p++) {
                depth += (*p == '[') - (*p == ']');
                if (*p != '\0' && (*p != '|' || depth > 0))
                        continue;
                append_alternative(begin, (size_t)(p - begin), words, room);
                if (*p == '\0')
                        return;
                begin = p + 1;
        }
}

/* @words: NULL: those that the argument's text names. */
static void print_option(const char *names, const char *name, char letter, const char *argument,
                         bool is_optional, const char *words, const char *help)
{
        char option[64], letters[3] = "", values[256] = "";
        (void)snprintf(option, sizeof(option), "--%s", name);
        if (letter)
                (void)snprintf(letters, sizeof(letters), "-%c", letter);
        if (!words && argument) {
                argument_words(argument, values, sizeof(values));
                words = values;
        }
        const char *value = !argument ? "no" : is_optional ? "maybe" : "yes";
        print_line((const char *const[]){"option", names, option, letters, value, words, help}, 7);
}

/* In the place of the function that prints --help. */
void cmd_usage_print(const CmdUsage *usage)
{
        for (size_t i = 0; i < usage->n; i++) {
                const CmdOption *o = &usage->options[i];
                print_option(command_name, o->name, o->letter, o->argument, false, NULL, o->help);
        }
        print_option(command_name, "help", 'h', NULL, false, NULL, "show this help");
}

/* What the texts of these options do not say. */
static const char *flag_words(const char *name)
{
        if (str_eq(name, "profile"))
                return "@profile @file";
        return str_eq(name, "in") ? "@kept" : NULL;
}

static void print_run_options(void)
{
        static const char names[] = "run,shell,try";
        for (size_t i = 0; i < front_flags_n; i++) {
                const FrontFlag *f = &front_flags[i];
                print_option(names, f->name, f->letter, f->argument, f->argument && f->argument[0] == '[',
                             flag_words(f->name), f->help);
        }
        for (size_t i = 0; i < KEY_MAX; i++)
                if (keys[i].option)
                        print_option(names, keys[i].option, keys[i].short_option, keys[i].argument,
                                     key_has(&keys[i], KEY_BOOLEAN), NULL, keys[i].help);
}

static void print_profile_verbs(void)
{
        char name[64];
        for (size_t i = 0; i < profile_verbs_n; i++) {
                const ProfileVerb *v = &profile_verbs[i];
                (void)snprintf(name, sizeof(name), "profile %s", v->name);
                print_command(name, v->words, v->help);
                if (v->takes_json)
                        print_option(name, "json", 0, NULL, false, NULL, "print as JSON");
                if (v->takes_dry_run)
                        print_option(name, "dry-run", 'n', NULL, false, NULL, "print it, and do nothing");
        }
        print_option("profile", "help", 'h', NULL, false, NULL, "show this help");
}

static void print_image_verbs(void)
{
        char name[32], verb[32], help[] = "--help", *words[] = {verb, help, NULL};
        Error err = {0};
        for (size_t i = 0; i < image_verbs_n; i++) {
                const ImageVerb *v = &image_verbs[i];
                (void)snprintf(name, sizeof(name), "image %s", v->name);
                (void)snprintf(verb, sizeof(verb), "%s", v->name);
                print_command(name, v->words, v->help);
                command_name = name;
                (void)v->run(2, words, &err);
        }
        print_option("image", "help", 'h', NULL, false, NULL, "show this help");
}

static void print_commands(void)
{
        char help[] = "--help", *words[] = {NULL, help, NULL};
        for (size_t i = 0; i < commands_n; i++) {
                const Command *c = &commands[i];
                print_command(c->name, c->words, c->help);
                if (c->main == cmd_run || c->main == cmd_shell || c->main == cmd_try ||
                    c->main == cmd_profile || c->main == cmd_image)
                        continue;
                char name[32];
                (void)snprintf(name, sizeof(name), "%s", c->name);
                words[0] = name;
                command_name = c->name;
                (void)c->main(2, words);
        }
        /* With --home their words are names of homes. */
        print_command("discard --home", "@home...", "remove kept homes");
        print_command("inspect --home", "@home", "print details of a kept home");
}

/* Finds the value of a key in the text of a built-in profile. */
static bool profile_value(const char *text, const char *key, char *value, size_t room)
{
        for (const char *line = text; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                size_t len = strlen(key);
                if (strncmp(line, key, len) != 0 || line[len] != '=')
                        continue;
                line += len + 1;
                (void)snprintf(value, room, "%.*s", (int)strcspn(line, "\n"), line);
                return true;
        }
        return false;
}

/* "kurung PROFILE" runs the profile's Command=, or the command that follows. */
static void print_profiles(void)
{
        for (size_t i = 0; i < builtin_profiles_n; i++) {
                char command[64], help[256] = "";
                const BuiltinProfile *p = &builtin_profiles[i];
                bool has_command = profile_value(p->text, "Command", command, sizeof(command));
                (void)profile_value(p->text, "Description", help, sizeof(help));
                print_line((const char *const[]){"profile", p->name, has_command ? "@file..." : "@command",
                                                 help},
                           4);
        }
}

int main(int argc, char **argv)
{
        for_fish = argc == 2 && str_eq(argv[1], "fish");
        print_commands();
        print_profile_verbs();
        print_image_verbs();
        print_profiles();
        print_run_options();
        print_option("kurung", "help", 'h', NULL, false, NULL, "show this help");
        print_option("kurung", "no-pager", 0, NULL, false, NULL, "do not use a pager");
        print_option("kurung", "version", 0, NULL, false, NULL, "print the version");
        return fflush(stdout) == 0 ? 0 : 1;
}
