// A library that the application loads by dlopen.
#include <stdio.h>

static int doubled(int number)
{
    return number * 2;
}

void late_greet(int number)
{
    int result = doubled(number);
    printf("late: %d\n", result);
}
