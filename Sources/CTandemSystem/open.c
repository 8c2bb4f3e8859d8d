#define _GNU_SOURCE
#include "CTandemSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's calls are each thread's own; the C library's setgroups changes all threads.
int tandem_open_as(const char *path, uid_t user, gid_t group, const gid_t *groups, size_t group_count) {
    int own_count = getgroups(0, NULL);
    if (own_count < 0) return -1;
    gid_t *own_groups = calloc((size_t)own_count + 1, sizeof *own_groups);
    if (own_groups == NULL) return -1;
    if (getgroups(own_count, own_groups) != own_count || syscall(SYS_setgroups, group_count, groups) < 0) {
        int error = errno;
        free(own_groups);
        errno = error;
        return -1;
    }
    gid_t own_group = (gid_t)setfsgid(group);
    uid_t own_user = (uid_t)setfsuid(user);
    // Asked for again, they say whether they were taken: neither call has an error of its own.
    int is_changed = (uid_t)setfsuid(user) == user && (gid_t)setfsgid(group) == group;
    int descriptor = is_changed ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    int error = is_changed ? errno : EPERM;
    setfsuid(own_user);
    setfsgid(own_group);
    // A thread that cannot have its own rights back must not go on with others.
    if (syscall(SYS_setgroups, (size_t)own_count, own_groups) < 0) abort();
    free(own_groups);
    errno = error;
    return descriptor;
}
