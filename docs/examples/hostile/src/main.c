#include <stdio.h>

#include "calc.h"

int main(int argc, char *argv[])
{
        if (argc != 2) {
                fprintf(stderr, "Usage: %s EXPRESSION\n", argv[0]);
                return 2;
        }
        double value;
        const char *error;
        if (calc_compute(argv[1], &value, &error) < 0) {
                fprintf(stderr, "calc: %s\n", error);
                return 1;
        }
        printf("%g\n", value);
        return 0;
}
