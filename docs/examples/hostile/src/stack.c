#include "calc.h"

int stack_push(struct stack *stack, double value)
{
        if (stack->n == STACK_SIZE)
                return -1;
        stack->items[stack->n++] = value;
        return 0;
}

int stack_pop(struct stack *stack, double *ret_value)
{
        if (stack->n == 0)
                return -1;
        *ret_value = stack->items[--stack->n];
        return 0;
}
