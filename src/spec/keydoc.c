/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the options' and keys' parts of the man pages in scdoc(5), from the key table; run during the build.
 */
#include "spec/keys.h"

#include <ctype.h>
#include <stdio.h>

/* Underscores, stars and others are markup of scdoc. */
static void print_escaped(const char *s)
{
        for (; *s; s++) {
                if (strchr("_*\\#<>[]", *s))
                        putchar('\\');
                putchar(*s);
        }
}

static void print_options(void)
{
        for (size_t i = 0; i < KEY_MAX; i++) {
                if (!keys[i].option)
                        continue;
                if (keys[i].short_option)
                        printf("*-%c*, ", keys[i].short_option);
                printf("*--%s*=", keys[i].option);
                print_escaped(keys[i].argument);
                printf("\n\t");
                putchar(toupper((unsigned char)keys[i].help[0]));
                print_escaped(keys[i].help + 1);
                if (keys[i].default_text) {
                        printf(" (default: ");
                        print_escaped(keys[i].default_text);
                        printf(")");
                }
                printf(". See *%s=*.\n\n", keys[i].name);
        }
}

static void print_keys(void)
{
        const char *section = "";
        for (size_t i = 0; i < KEY_MAX; i++) {
                if (strcmp(section, keys[i].section) != 0)
                        printf("# [%s]\n\n", section = keys[i].section);
                printf("*%s=*", keys[i].name);
                print_escaped(keys[i].argument);
                printf("\n\t");
                print_escaped(keys[i].manual);
                if (key_has(&keys[i], KEY_REPEATS))
                        printf(" May be repeated; an empty value clears the earlier ones.");
                if (keys[i].default_text) {
                        printf(" Default: ");
                        print_escaped(keys[i].default_text);
                        printf(".");
                }
                if (keys[i].option)
                        printf(" Option: *--%s*.", keys[i].option);
                printf("\n\n");
        }
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], "options") == 0)
                print_options();
        else if (argc == 2 && strcmp(argv[1], "keys") == 0)
                print_keys();
        else
                return 1;
        return 0;
}
