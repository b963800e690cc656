#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "calc.h"

struct token parse_token(const char **text)
{
        struct token token = {.kind = TOKEN_END};
        while (isspace((unsigned char)**text))
                (*text)++;
        if (**text == '\0')
                return token;

        char *end;
        token.number = strtod(*text, &end);
        if (end != *text) {
                token.kind = TOKEN_NUMBER;
                *text = end;
                return token;
        }
        token.kind = strchr("+-*/", **text) ? TOKEN_OPERATOR : TOKEN_BAD;
        token.operator= *(*text)++;
        return token;
}
