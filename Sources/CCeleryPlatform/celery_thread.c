#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "celery_thread.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct celery_start {
    void (*body)(void *);
    void *context;
    char name[16];
};

static void *celery_thread_main(void *argument) {
    struct celery_start start = *(struct celery_start *)argument;
    free(argument);
#ifdef __APPLE__
    pthread_setname_np(start.name);
#else
    pthread_setname_np(pthread_self(), start.name);
#endif
    start.body(start.context);
    return NULL;
}

int celery_thread_start(const char *name, void (*body)(void *context), void *context, uintptr_t *handle) {
    struct celery_start *start = calloc(1, sizeof *start);
    if (!start) return ENOMEM;
    start->body = body;
    start->context = context;
    strncpy(start->name, name, sizeof start->name - 1);

    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error) {
        free(start);
        return error;
    }
    pthread_attr_setstacksize(&attributes, 8u << 20);
    pthread_t thread;
    error = pthread_create(&thread, &attributes, celery_thread_main, start);
    pthread_attr_destroy(&attributes);
    if (error) {
        free(start);
        return error;
    }
    *handle = (uintptr_t)thread;
    return 0;
}

void celery_thread_join(uintptr_t handle) { pthread_join((pthread_t)handle, NULL); }

uintptr_t celery_thread_self(void) { return (uintptr_t)pthread_self(); }

void celery_thread_unblock_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}
