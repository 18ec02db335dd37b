#ifndef CELERY_TERMINAL_H
#define CELERY_TERMINAL_H

/// Takes a terminal for a program that fills the screen: remembers its attributes, sets raw mode, and writes `enter`. However
/// the process ends from then on, by exit or by a fault, `leave` (up to 127 bytes) is written and the attributes are restored.
/// While it is taken already, raw mode and `enter` are only repeated. Returns 0, or an errno value.
int celery_terminal_enter(int input, int output, const char *enter, const char *leave);

/// Gives it back; may be called at any time, also from a handler of signals. Nothing when it is not taken.
void celery_terminal_leave(void);

/// Columns and rows. Returns 0, or an errno value.
int celery_terminal_size(int output, int *columns, int *rows);

#endif
