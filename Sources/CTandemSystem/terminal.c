#define _GNU_SOURCE
#include "CTandemSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Past those that a shell leaves open.
enum { MOST_DESCRIPTORS = 1024 };

static volatile sig_atomic_t forward_target;

static void forward_signal(int number) {
    if (forward_target > 0) kill(forward_target, number);
}

// MARK: - What the child writes

// Of one descriptor that was a terminal: what the child writes to `inner` the parent reads from `outer`. -1: it is no terminal.
struct stream {
    int outer, inner;
};

static int open_streams(struct stream streams[3]) {
    for (int descriptor = 1; descriptor < 3; descriptor++) {
        if (!isatty(descriptor)) continue;
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0) return -1;
        streams[descriptor] = (struct stream){.outer = ends[0], .inner = ends[1]};
    }
    return 0;
}

static int take_streams(const struct stream streams[3]) {
    if (isatty(0)) {
        int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (nothing < 0 || dup2(nothing, 0) < 0) return -1;
    }
    for (int descriptor = 1; descriptor < 3; descriptor++) {
        if (streams[descriptor].inner >= 0 && dup2(streams[descriptor].inner, descriptor) < 0) return -1;
    }
    return 0;
}

static void close_other_terminals(void) {
    for (int descriptor = 3; descriptor < MOST_DESCRIPTORS; descriptor++) {
        if (isatty(descriptor)) close(descriptor);
    }
}

static void write_all(int descriptor, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t count = write(descriptor, bytes, size);
        if (count < 0 && errno == EINTR) continue;
        // A terminal that is gone: the child is to meet no full pipe.
        if (count < 0) return;
        bytes += count;
        size -= count;
    }
}

// Returns 0 where there is nothing more to come.
static int copy_some(const struct stream *stream, int target) {
    char bytes[4096];
    ssize_t count;
    do count = read(stream->outer, bytes, sizeof bytes);
    while (count < 0 && errno == EINTR);
    if (count <= 0) return 0;
    write_all(target, bytes, count);
    return 1;
}

// Until the child has ended; what it leaves behind may hold a pipe for ever.
static void relay(struct stream streams[3], int end_of_child) {
    struct pollfd sources[4] = {{.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = end_of_child, .events = POLLIN}};
    for (int descriptor = 1; descriptor < 3; descriptor++) {
        sources[descriptor] = (struct pollfd){.fd = streams[descriptor].outer, .events = POLLIN};
    }
    for (;;) {
        if (poll(sources, 4, -1) < 0) {
            if (errno == EINTR) continue;
            return;
        }
        int has_copied = 0;
        for (int descriptor = 1; descriptor < 3; descriptor++) {
            if (!sources[descriptor].revents) continue;
            has_copied = 1;
            if (!copy_some(&streams[descriptor], descriptor)) sources[descriptor].fd = -1;
        }
        if (!has_copied && sources[3].revents) return;
    }
}

// MARK: - The two processes

// As a shell tells how a command ended.
static void end_as(int status) __attribute__((noreturn));

static void end_as(int status) { _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status)); }

static void wait_for(pid_t child, struct stream streams[3]) __attribute__((noreturn));

static void wait_for(pid_t child, struct stream streams[3]) {
    forward_target = child;
    const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGUSR1, SIGUSR2};
    struct sigaction action = {.sa_handler = forward_signal, .sa_flags = SA_RESTART};
    for (size_t index = 0; index < sizeof forwarded / sizeof *forwarded; index++) {
        sigaction(forwarded[index], &action, NULL);
    }
    // Stopped, it would wait for a child that goes on.
    signal(SIGTSTP, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int descriptor = 1; descriptor < 3; descriptor++) {
        if (streams[descriptor].inner >= 0) close(streams[descriptor].inner);
    }
    int end_of_child = tandem_pidfd_open(child);
    if (end_of_child >= 0) relay(streams, end_of_child);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    forward_target = 0;
    end_as(status);
}

int tandem_leave_terminal(int keeps_descriptors) {
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal >= 0) close(terminal);
    int is_open = isatty(0) || isatty(1) || isatty(2);
    if (terminal < 0 && (keeps_descriptors || !is_open)) return 0;
    struct stream streams[3] = {{-1, -1}, {-1, -1}, {-1, -1}};
    if (!keeps_descriptors && open_streams(streams) < 0) return -1;
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t child = fork();
    if (child > 0) wait_for(child, streams);
    int result = child < 0 || setsid() < 0 ? -1 : 0;
    if (result == 0 && !keeps_descriptors) result = take_streams(streams);
    if (result == 0) close_other_terminals();
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return result;
}

// MARK: - A program that relays

// The only process that `parent` has started; 0 where it has none, or where the kernel does not tell (proc(5), children).
static pid_t child_of(pid_t parent) {
    char path[64], text[32];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    return atoi(text);
}

int tandem_run_relay(const char *program, char *const arguments[], char *const environment[]) {
    const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    sigset_t awaited, before;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    for (size_t index = 0; index < sizeof passed_on / sizeof *passed_on; index++) sigaddset(&awaited, passed_on[index]);
    sigprocmask(SIG_BLOCK, &awaited, &before);
    pid_t relay = fork();
    if (relay == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        execve(program, arguments, environment);
        _exit(127);
    }
    if (relay < 0) {
        int error = errno;
        sigprocmask(SIG_SETMASK, &before, NULL);
        errno = error;
        return -1;
    }
    for (;;) {
        int status;
        if (waitpid(relay, &status, WNOHANG) == relay) {
            end_as(status);
        }
        int number = sigwaitinfo(&awaited, NULL);
        if (number < 0 || number == SIGCHLD) continue;
        pid_t command = child_of(relay);
        kill(command > 0 ? command : relay, number);
    }
}

int tandem_is_at_terminal(void) {
    return isatty(0) && isatty(1) && isatty(2) && tcgetpgrp(0) == getpgrp();
}
