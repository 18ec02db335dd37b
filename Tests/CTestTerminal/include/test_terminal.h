#ifndef TEST_TERMINAL_H
#define TEST_TERMINAL_H

#include <sys/types.h>
#include <termios.h>

/// Starts a program in a terminal of its own, which is its controlling one: no signal blocked, every handler at its default.
/// `ends` are the side of the keyboard and screen, which does not block, and the program's side; both are closed on exec.
/// `before` are the terminal's attributes before the program can have changed any. Returns its process id, or a negative errno value.
pid_t test_terminal_spawn(
    const char *program, char *const arguments[], char *const environment[], const char *directory, int columns, int rows,
    int ends[2], struct termios *before
);

/// Changes the size of the window. Returns 0, or an errno value.
int test_terminal_resize(int end, int columns, int rows);

#endif
