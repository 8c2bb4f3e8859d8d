#define _GNU_SOURCE
#include "CTandemSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// Past the last one that a kernel may know.
enum { CAPABILITY_LIMIT = 64 };

int tandem_set_capabilities(int keeps_low_ports) {
    const __u32 kept = keeps_low_ports ? 1U << CAP_NET_BIND_SERVICE : 0;
    // Needs CAP_SETPCAP: an ordinary user cannot, and has nothing to lose by it, since no program can give capabilities
    // to a process that gains no new privileges.
    for (int capability = 0; capability < CAPABILITY_LIMIT; capability++) {
        if (keeps_low_ports && capability == CAP_NET_BIND_SERVICE) continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) break;
    }
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{kept, kept, kept}, {0, 0, 0}};
    if (syscall(SYS_capset, &header, data) < 0) return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -1;
    if (keeps_low_ports && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) < 0) return -1;
    return 0;
}

static int is_only(uid_t user, gid_t group) {
    uid_t real_user, effective_user, saved_user;
    gid_t real_group, effective_group, saved_group;
    return getresuid(&real_user, &effective_user, &saved_user) == 0 &&
           getresgid(&real_group, &effective_group, &saved_group) == 0 && real_user == user &&
           effective_user == user && saved_user == user && real_group == group && effective_group == group &&
           saved_group == group;
}

// Descriptors that root's shell or scripts left open are root's affair.
static int close_on_exec_from(unsigned first) {
    if (close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return 0;
    if (errno != ENOSYS && errno != EINVAL) return -1;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    for (rlim_t descriptor = first; descriptor < limit.rlim_cur && descriptor < 1 << 20; descriptor++) {
        int flags = fcntl(descriptor, F_GETFD);
        if (flags >= 0) fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
    }
    return 0;
}

int tandem_give_up_root(uid_t user, gid_t group, const gid_t *groups, size_t group_count, int keeps_low_ports,
                        const char **failed_step) {
    *failed_step = "give up root";
    if (user == 0 || group == 0) {
        errno = EINVAL;
        return -1;
    }
    *failed_step = "keep root's open files to root";
    if (close_on_exec_from(3) < 0) return -1;
    // Root's session keyring (keyrings(7)) may hold keys. Where it cannot be left, such as in a container, there is none to be read.
    *failed_step = "leave root's keyring";
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS && errno != EPERM && errno != EACCES) return -1;
    char folder[PATH_MAX];
    int has_folder = getcwd(folder, sizeof folder) != NULL;
    *failed_step = "keep the right to ports below 1024";
    if (keeps_low_ports && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return -1;
    *failed_step = "empty the bounding set";
    for (int capability = 0; capability < CAPABILITY_LIMIT; capability++) {
        if (keeps_low_ports && capability == CAP_NET_BIND_SERVICE) continue;
        // EINVAL: past the last one. EPERM: a container that holds the right back has few of them itself.
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 && errno != EINVAL && errno != EPERM) return -1;
    }
    *failed_step = "change the groups";
    if (setgroups(group_count, groups) < 0 || setresgid(group, group, group) < 0) return -1;
    *failed_step = "change the user";
    if (setresuid(user, user, user) < 0) return -1;
    // A folder that the user could not get to leads to what root keeps to itself.
    *failed_step = "enter a folder";
    if ((!has_folder || chdir(folder) < 0) && chdir("/") < 0) return -1;
    *failed_step = "give up capabilities";
    if (tandem_set_capabilities(keeps_low_ports) < 0) return -1;
    *failed_step = "refuse new privileges";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -1;
    *failed_step = "make sure that root is gone";
    if (!is_only(user, group) || setuid(0) == 0) {
        errno = EPERM;
        return -1;
    }
    return 0;
}

int tandem_keep_from_being_traced(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
