/* SPDX-License-Identifier: Apache-2.0 */
/* Decides whether output has colours. */
#include "base/colour.h"

int colour_parse(const char *text, ColourWhen *ret)
{
        static const char *const names[] = {
                [COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never"};
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (str_eq(text, names[i])) {
                        *ret = (ColourWhen)i;
                        return 0;
                }
        return -EINVAL;
}

bool colour_wanted(int fd, ColourWhen when)
{
        if (when != COLOUR_AUTO)
                return when == COLOUR_ALWAYS;
        if (!isatty(fd))
                return false;
        const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
        return str_empty(no) && !str_empty(term) && !str_eq(term, "dumb");
}
