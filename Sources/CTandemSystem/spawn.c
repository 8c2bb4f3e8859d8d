#define _GNU_SOURCE
#include "CTandemSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

// Above every target, so that moving a descriptor to its target never overwrites one that is still needed.
enum { FIRST_FREE_DESCRIPTOR = 64, MOST_DESCRIPTORS = 40 };

enum step { STEP_SESSION, STEP_DESCRIPTORS, STEP_RIGHTS, STEP_DIRECTORY, STEP_PARENT, STEP_PROGRAM };

static const char *const step_names[] = {
    "start a session", "hand over descriptors", "give up rights", "enter the working directory", "follow its parent",
    "run the program",
};

struct failure {
    int step;
    int error;
};

static void fail(int report, int step) {
    struct failure failure = {step, errno};
    ssize_t written = write(report, &failure, sizeof failure);
    (void)written;
    _exit(127);
}

// Servers want many descriptors, and the usual soft limit of 1024 is there for programs that use select(2).
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// Without it the start goes on: the process is slower for it, and else the same.
static void schedule_as_batch(void) {
    const struct sched_param no_priority = {0};
    syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &no_priority);
}

static void close_all_on_exec(void) {
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
    for (int descriptor = 3; descriptor < 4096; descriptor++) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

// Past glibc, which keeps two signals to itself and would leave them ignored where our own parent ignored them.
static void default_action(int number) {
    // All zero is SIG_DFL without flags. At least as large as any kernel's struct sigaction.
    static const unsigned long action[8];
    syscall(SYS_rt_sigaction, number, action, NULL, 8UL);
}

static int may_open_low_ports(void) {
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0) == 1;
}

// Nobody knows of the process until its parent has written it down: until then it dies with its parent.
static void wait_at_gate(int gate, int report, pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) fail(report, STEP_PARENT);
    if (getppid() != parent) _exit(127);
    char go;
    ssize_t count;
    do count = read(gate, &go, 1);
    while (count < 0 && errno == EINTR);
    if (count != 1) _exit(127);
    if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0) fail(report, STEP_PARENT);
}

// Runs between fork and exec in a copy of a program with threads: only async-signal-safe calls.
static void run_child(const struct tandem_spawn_request *request, int report, int gate, pid_t parent) {
    if (setsid() < 0) fail(report, STEP_SESSION);
    for (int number = 1; number < NSIG; number++) default_action(number);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    int high_report = fcntl(report, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);
    if (high_report < 0) fail(report, STEP_DESCRIPTORS);
    report = high_report;
    gate = fcntl(gate, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);
    if (gate < 0) fail(report, STEP_DESCRIPTORS);
    int log = fcntl(request->log_descriptor, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);
    if (log < 0) fail(report, STEP_DESCRIPTORS);
    int moved[MOST_DESCRIPTORS];
    for (int i = 0; i < request->descriptor_count; i++) {
        moved[i] = fcntl(request->sources[i], F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);
        if (moved[i] < 0) fail(report, STEP_DESCRIPTORS);
    }
    // A caller without standard input gets descriptor 0 here, and a dup2 onto itself would leave it close-on-exec.
    int low_nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int nothing = fcntl(low_nothing, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) fail(report, STEP_DESCRIPTORS);
    close_all_on_exec();
    for (int i = 0; i < request->descriptor_count; i++) {
        if (dup2(moved[i], request->targets[i]) < 0) fail(report, STEP_DESCRIPTORS);
    }

    raise_descriptor_limit();
    if (request->is_batch) schedule_as_batch();
    if (request->timer_slack > 0) prctl(PR_SET_TIMERSLACK, request->timer_slack, 0, 0, 0);

    umask(request->file_mask);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail(report, STEP_RIGHTS);
    // Root without capabilities is of no use to anybody. Nothing of a stack runs as root.
    if (geteuid() != 0 && tandem_set_capabilities(request->keeps_low_ports && may_open_low_ports()) < 0)
        fail(report, STEP_RIGHTS);
    if (chdir(request->working_directory) < 0) fail(report, STEP_DIRECTORY);
    wait_at_gate(gate, report, parent);
    execve(request->program, request->arguments, request->environment);
    fail(report, STEP_PROGRAM);
}

int tandem_spawn(const struct tandem_spawn_request *request, struct tandem_spawned *spawned, const char **failed_step) {
    *failed_step = "start a process";
    if (request->descriptor_count > MOST_DESCRIPTORS) return EINVAL;
    for (int i = 0; i < request->descriptor_count; i++) {
        if (request->targets[i] < 3 || request->targets[i] >= FIRST_FREE_DESCRIPTOR) {
            *failed_step = step_names[STEP_DESCRIPTORS];
            return EINVAL;
        }
    }
    int report[2];
    int gate[2];
    if (pipe2(report, O_CLOEXEC) < 0) return errno;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate) < 0) {
        int error = errno;
        close(report[0]);
        close(report[1]);
        return error;
    }
    pid_t parent = getpid();
    pid_t child = fork();
    int error = errno;
    if (child == 0) run_child(request, report[1], gate[0], parent);
    close(report[1]);
    close(gate[0]);
    if (child < 0) {
        close(report[0]);
        close(gate[1]);
        return error;
    }
    *spawned = (struct tandem_spawned){child, gate[1], report[0]};
    return 0;
}

static void wait_for(pid_t child) {
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
}

void tandem_spawn_cancel(const struct tandem_spawned *spawned) {
    kill(spawned->pid, SIGKILL);
    close(spawned->gate);
    close(spawned->report);
    wait_for(spawned->pid);
}

int tandem_spawn_go(const struct tandem_spawned *spawned, const char **failed_step) {
    *failed_step = "start a process";
    // A child that has failed already has closed the other end, and has said why.
    ssize_t sent = send(spawned->gate, "g", 1, MSG_NOSIGNAL);
    (void)sent;
    close(spawned->gate);
    struct failure failure;
    ssize_t count;
    do count = read(spawned->report, &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    close(spawned->report);
    if (count == 0) return 0;  // exec closed the pipe
    wait_for(spawned->pid);
    if (count != sizeof failure) return EIO;
    *failed_step = step_names[failure.step];
    return failure.error;
}

int tandem_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0U); }

int tandem_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U);
}

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

int tandem_pidfd_getfd(int pidfd, int descriptor) {
    // Comes close-on-exec.
    return (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0U);
}

int tandem_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
