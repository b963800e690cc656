/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a command line of bwrap. */
#include "front/bwrap_internal.h"

#include "base/io.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

/* The kernel's limit for all words of a program is lower. */
#define ARGS_MAX (64 << 20)

int bwrap_init(Bwrap *b, const BwrapCaller *caller)
{
        *b = (Bwrap){.caller = caller};
        for (size_t i = 0; i < BWRAP_FDS; i++)
                b->fds[i] = FD_NONE;
        int r = spec_init(&b->spec);
        for (char *const *e = caller->environment; r == 0 && e && *e; e++)
                r = strlist_add(&b->env, *e);
        return r;
}

void bwrap_clear(Bwrap *b)
{
        spec_clear(&b->spec);
        for (size_t i = 0; i < b->n_warnings; i++)
                free(b->warnings[i].text);
        free(b->warnings);
        free(b->report);
        strlist_clear(&b->env);
        strlist_clear(&b->sources);
        free(b->used);
        *b = (Bwrap){0};
}

int bwrap_warn(Bwrap *b, Error *err, const char *fmt, ...)
{
        char *text = NULL;
        va_list ap;
        va_start(ap, fmt);
        int n = vasprintf(&text, fmt, ap);
        va_end(ap);
        BwrapWarning *longer =
                n < 0 ? NULL : reallocarray(b->warnings, b->n_warnings + 1, sizeof(*b->warnings));
        if (!longer) {
                if (n >= 0)
                        free(text);
                return error_no_memory(err);
        }
        b->warnings = longer;
        b->warnings[b->n_warnings++] = (BwrapWarning){.text = text, .with_priority = b->level_prefix};
        return 0;
}

int bwrap_fd(Bwrap *b, const char *text, int *ret, Error *err)
{
        char *end = NULL;
        long fd = strtol(text, &end, 10);
        if (text[0] == '\0' || *end != '\0' || fd < 0 || fd > INT_MAX)
                return error_set(err, EINVAL, "Invalid fd: %.200s", text);
        int *longer = reallocarray(b->used, b->n_used + 1, sizeof(*longer));
        if (!longer)
                return error_no_memory(err);
        longer[b->n_used++] = (int)fd;
        b->used = longer;
        *ret = (int)fd;
        return 0;
}

static int missing_values(const BwrapOption *option, Error *err)
{
        const char *many = option->n == 1   ? option->one ? "one argument" : "an argument"
                           : option->n == 2 ? "two arguments"
                                            : "three arguments";
        return error_set(err, EINVAL, "%s takes %s", option->name, many);
}

/* Refuses what must be followed by a certain option, and is followed by another one. */
static int check_modifiers(const Bwrap *b, const BwrapOption *option, Error *err)
{
        if (!option->modifies && b->has_perms)
                return error_set(err, EINVAL, "--perms must be followed by an option that creates a file");
        if (!option->modifies && b->size != 0)
                return error_set(err, EINVAL, "--size must be followed by --tmpfs");
        if (option->take != bwrap_take_overlay_src && b->sources.n > 0)
                return error_set(err, EINVAL,
                                 "--overlay-src must be followed by another --overlay-src or one of "
                                 "--overlay, --tmp-overlay, or --ro-overlay");
        return 0;
}

static int too_many(Error *err)
{
        return error_set(err, E2BIG, "Exceeded maximum number of arguments %d", BWRAP_WORDS_MAX);
}

static int take_args(Bwrap *b, const char *value, Error *err);

/* Reads options until the command. @ret: the number of words read. */
static int parse(Bwrap *b, int argc, char *const *argv, int *ret, Error *err)
{
        int i = 0;
        while (i < argc && b->action == BWRAP_RUN) {
                const char *word = argv[i];
                if (str_eq(word, "--")) {
                        i++;
                        break;
                }
                if (word[0] != '-')
                        break;
                const BwrapOption *option = bwrap_find_option(word);
                if (!option)
                        return error_set(err, EINVAL, "Unknown option %.200s", word);
                if ((unsigned)(argc - i - 1) < option->n)
                        return missing_values(option, err);
                /* The only option that reads others has no function. */
                int r = option->take ? option->take(b, option, argv + i + 1, err)
                                     : take_args(b, argv[i + 1], err);
                if (r == 0)
                        r = check_modifiers(b, option, err);
                if (r < 0)
                        return r;
                i += 1 + (int)option->n;
        }
        *ret = i;
        return 0;
}

/* Splits @len bytes at NUL; the last word needs none. */
static int split(char *data, size_t len, char ***ret, size_t *ret_n)
{
        size_t n = 0;
        for (size_t at = 0; at < len; at += strlen(data + at) + 1)
                n++;
        char **words = calloc(n + 1, sizeof(*words));
        if (!words)
                return -ENOMEM;
        n = 0;
        for (size_t at = 0; at < len; at += strlen(data + at) + 1)
                words[n++] = data + at;
        *ret = words;
        *ret_n = n;
        return 0;
}

static int take_args(Bwrap *b, const char *value, Error *err)
{
        CLEANUP_FREE char *data = NULL;
        CLEANUP_FREE char **words = NULL;
        size_t len = 0, n = 0;
        int fd, taken = 0;
        if (b->in_args)
                return error_set(err, EINVAL, "--args not supported in arguments file");
        int r = bwrap_fd(b, value, &fd, err);
        if (r < 0)
                return r;
        r = io_read_to_end(fd, ARGS_MAX, -1, &data, &len);
        if (r < 0)
                return error_set_errno(err, r, "Can't read --args data");
        if (fd > STDERR_FILENO)
                (void)close(fd);
        if (split(data, len, &words, &n) < 0)
                return error_no_memory(err);
        if (n > BWRAP_WORDS_MAX - b->words)
                return too_many(err);
        b->words += (unsigned)n;
        b->in_args = true;
        r = parse(b, (int)n, words, &taken, err);
        b->in_args = false;
        if (r == 0 && b->action == BWRAP_RUN && (size_t)taken < n)
                r = bwrap_warn(b, err, "words after the options in --args are ignored: %.100s", words[taken]);
        return r;
}

int bwrap_parse(Bwrap *b, int argc, char *const *argv, Error *err)
{
        static const BwrapOption nothing = {.name = NULL};
        int taken = 0;
        if (argc > BWRAP_WORDS_MAX)
                return too_many(err);
        b->words = (unsigned)argc;
        int r = parse(b, argc, argv, &taken, err);
        if (r < 0 || b->action != BWRAP_RUN)
                return r;
        r = check_modifiers(b, &nothing, err);
        if (r < 0)
                return r;
        for (; taken < argc; taken++)
                if (strlist_add(&b->spec.argv, argv[taken]) < 0)
                        return error_no_memory(err);
        return 0;
}
