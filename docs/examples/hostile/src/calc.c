#include "calc.h"

static double apply(char operator, double a, double b)
{
        switch (operator) {
        case '+':
                return a + b;
        case '-':
                return a - b;
        case '*':
                return a * b;
        default:
                return a / b;
        }
}

int calc_compute(const char *expression, double *ret_value, const char **ret_error)
{
        struct stack stack = {.n = 0};
        for (;;) {
                struct token token = parse_token(&expression);
                double a, b, value = token.number;
                switch (token.kind) {
                case TOKEN_BAD:
                        *ret_error = "neither a number nor one of + - * /";
                        return -1;
                case TOKEN_END:
                        if (stack.n != 1) {
                                *ret_error = "the expression does not come to one value";
                                return -1;
                        }
                        return stack_pop(&stack, ret_value);
                case TOKEN_OPERATOR:
                        if (stack_pop(&stack, &b) < 0 || stack_pop(&stack, &a) < 0) {
                                *ret_error = "an operator needs two values";
                                return -1;
                        }
                        value = apply(token.operator, a, b);
                        break;
                case TOKEN_NUMBER:
                        break;
                }
                if (stack_push(&stack, value) < 0) {
                        *ret_error = "too many values";
                        return -1;
                }
        }
}
