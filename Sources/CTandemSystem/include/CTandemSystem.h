#ifndef TANDEM_SYSTEM_H
#define TANDEM_SYSTEM_H

#include <stddef.h>
#include <sys/types.h>

/// What `tandem_spawn` starts. All memory stays the caller's.
struct tandem_spawn_request {
    /// Absolute path of the program.
    const char *program;
    /// NULL-terminated.
    char *const *arguments;
    /// NULL-terminated, "NAME=VALUE".
    char *const *environment;
    const char *working_directory;
    /// Becomes the standard output and the standard error.
    int log_descriptor;
    /// Descriptors to hand over: `sources[i]` becomes `targets[i]` in the new process. Targets are 3 to 63.
    const int *sources;
    const int *targets;
    int descriptor_count;
    /// Whether to run under SCHED_BATCH, sched(7); where that is refused, the caller's policy stays.
    int is_batch;
    /// Nanoseconds, prctl(2), PR_SET_TIMERSLACK; 0: as the caller's.
    unsigned long timer_slack;
    /// Whether it may go on opening ports below 1024 where the caller may.
    int keeps_low_ports;
    mode_t file_mask;
};

/// A process that is there and does not run its program yet.
struct tandem_spawned {
    pid_t pid;
    /// Both are close-on-exec.
    int gate;
    int report;
};

/// Makes a process in a session of its own, with default signal handling, an empty signal mask, nothing
/// inherited but what the request names, and /dev/null as standard input. It waits for `tandem_spawn_go` before it runs
/// its program, and ends by itself when the calling process, or thread, ends before that.
///
/// Returns 0, or the errno of the step that failed, with `*failed_step` naming it.
int tandem_spawn(const struct tandem_spawn_request *request, struct tandem_spawned *spawned, const char **failed_step);

/// Has it run its program: from here on it outlives the caller. Called once for each process, on the thread that made it.
///
/// Returns 0, or the errno of the step that failed, with `*failed_step` naming it; then the process has ended and was
/// waited for.
int tandem_spawn_go(const struct tandem_spawned *spawned, const char **failed_step);

/// Ends it instead, and waits for it.
void tandem_spawn_cancel(const struct tandem_spawned *spawned);

/// Where this process has a terminal: goes on in a child with a session of its own and without a controlling terminal, while the
/// process itself only waits, forwards signals, shows what the child writes, and ends as the child ended. Who controls a terminal may
/// type into it (ioctl_tty(2), TIOCSTI), and who has it open may read what is typed later. Call it while the process has one thread.
///
/// With `keeps_descriptors` 0 the child has no terminal open: it reads nothing where it read from one, and writes to pipes. Otherwise
/// the standard streams stay as they are.
///
/// Returns 0, in the child or where there was no terminal; or -1 and errno.
int tandem_leave_terminal(int keeps_descriptors);

/// Runs a program that itself runs one command in a terminal of that command's own, such as script(1), and ends as it ends. Signals
/// that come for this process go to the command: the relay would end it within seconds, whatever it is doing. Call it while the process
/// has one thread.
///
/// Returns only on failure: -1 and errno.
int tandem_run_relay(const char *program, char *const arguments[], char *const environment[]);

/// Whether all standard streams are a terminal, and this process is in its foreground.
int tandem_is_at_terminal(void);

/// Becomes another user, for good: user, group and groups, no capability but, where asked for, CAP_NET_BIND_SERVICE (kept across
/// exec), and no new privileges by any program. A program that is run afterwards gets the standard streams and no other descriptor of
/// root's, has a session keyring of its own, and is in the same folder only where the user can get there. Call it while the process has one thread.
///
/// Returns 0; or -1 and errno, with `*failed_step` naming what failed. After a failure the process must end.
int tandem_give_up_root(uid_t user, gid_t group, const gid_t *groups, size_t group_count, int keeps_low_ports,
                        const char **failed_step);

/// Leaves the calling thread no capability but, where asked for and held, CAP_NET_BIND_SERVICE. Only async-signal-safe calls.
/// Returns 0; -1 and errno on failure.
int tandem_set_capabilities(int keeps_low_ports);

/// Keeps others with the same user from reading this process's memory and using its descriptors (PR_SET_DUMPABLE).
int tandem_keep_from_being_traced(void);

/// pidfd_open(2): a descriptor that becomes readable when the process ends; -1 and errno on failure.
int tandem_pidfd_open(pid_t pid);

/// pidfd_send_signal(2): cannot hit a process that took over the number; -1 and errno on failure.
int tandem_pidfd_send_signal(int pidfd, int signal);

/// pidfd_getfd(2): a copy, close-on-exec, of another process's descriptor; -1 and errno on failure.
int tandem_pidfd_getfd(int pidfd, int descriptor);

/// Most descriptors that go with one message.
enum { TANDEM_MOST_PASSED = 24 };

/// Connects to a unix socket of whole messages (SOCK_SEQPACKET). It does not wait, neither here nor later: a listener whose queue is
/// full is EAGAIN. Returns a descriptor, close-on-exec; -1 and errno on failure.
int tandem_call_local(const char *path);

/// Connects to the socket by which a service tells systemd something (sd_notify(3)): a path, or a name that begins with @. Returns a
/// descriptor, close-on-exec; -1 and errno on failure.
int tandem_call_manager(const char *path);

/// Listens on a socket of whole messages, which is made, 64 callers deep. Returns a descriptor that does not wait, close-on-exec; -1 and errno.
int tandem_listen_local(const char *path);

/// The next caller; EAGAIN where there is none. The descriptor does not wait, and is close-on-exec.
int tandem_accept_local(int listener);

/// Sends one whole message with copies of some descriptors, TANDEM_MOST_PASSED at most. Returns 0; -1 and errno, EMSGSIZE where
/// the kernel takes no message of that size.
int tandem_send_message(int socket, const void *bytes, size_t size, const int *descriptors, size_t count);

/// Receives one whole message: how many bytes, 0 at the end. The descriptors that came with it, TANDEM_MOST_PASSED at most, are the
/// caller's, and close-on-exec. Returns -1 and errno on failure, EMSGSIZE for a message that is larger.
ssize_t tandem_receive_message(int socket, void *bytes, size_t size, int *descriptors, size_t *count);

/// Makes this process the parent of its descendants' orphans (PR_SET_CHILD_SUBREAPER).
int tandem_become_subreaper(void);

/// Whose a file or folder is, and who may do what with it.
struct tandem_entry {
    uid_t user;
    gid_t group;
    /// With its kind, as in inode(7).
    mode_t mode;
    unsigned long long inode;
    /// In bytes; not negative.
    unsigned long long size;
    /// When it was last written, in seconds since 1970.
    double modified;
};

/// stat(2), or lstat(2) where links are not followed: 0; -1 and errno on failure.
int tandem_look_at(const char *path, int follows_links, struct tandem_entry *entry);

/// fstat(2): 0; -1 and errno on failure.
int tandem_look_at_descriptor(int descriptor, struct tandem_entry *entry);

/// The access control list of a file, not of what a link leads to, as the kernel keeps it (linux/posix_acl_xattr.h): how many bytes; -1
/// and errno on failure, ENODATA where there is none.
ssize_t tandem_read_access_list(const char *path, void *bytes, size_t size);

/// A TCP socket that listens, as the kernel tells every user (sock_diag(7)).
struct tandem_listening_socket {
    /// AF_INET or AF_INET6.
    int family;
    /// In network order: 4 bytes or 16.
    unsigned char address[16];
    unsigned short port;
    uid_t user;
    unsigned int inode;
};

/// All TCP sockets of this network namespace that listen, 65,536 at most; `*sockets` is to be freed by the caller. Unlike reading
/// /proc/net/tcp, it costs nothing for connections, nor for the table that is kept for them.
///
/// Returns 0; -1 and errno on failure: EINTR where the list changed meanwhile.
int tandem_listening_sockets(struct tandem_listening_socket **sockets, size_t *count);

/// reboot(2) at once: nothing is ended, written to disk or unmounted first. Returns only on failure: -1 and errno.
int tandem_boot_at_once(void);

/// Whether the kernel's generator of random numbers has been seeded.
int tandem_has_randomness(void);

/// Whether somebody keeps the clock right: 1 or 0; -1 where that cannot be asked.
int tandem_is_clock_synchronised(void);

/// Whether no program can be run from where `path` lies.
int tandem_is_noexec(const char *path);

#endif
