/* A calculator for expressions in reverse Polish notation. */
#ifndef CALC_H
#define CALC_H

#define STACK_SIZE 64

struct stack {
        double items[STACK_SIZE];
        int n;
};

enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_OPERATOR, TOKEN_BAD };

struct token {
        enum token_kind kind;
        double number;
        char operator;
};

/* Both return 0, or -1 when the stack is full or empty. */
int stack_push(struct stack *stack, double value);
int stack_pop(struct stack *stack, double *ret_value);

/* The next token of *text, which moves behind it. */
struct token parse_token(const char **text);

/* Computes an expression. Returns 0, or -1 with a reason in *ret_error. */
int calc_compute(const char *expression, double *ret_value, const char **ret_error);

#endif
