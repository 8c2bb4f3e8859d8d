#define _GNU_SOURCE
#include "CTandemSystem.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST_SOCKETS = 1 << 16, ANSWER_SECONDS = 2 };

struct found {
    struct tandem_listening_socket *sockets;
    size_t count, capacity;
};

static int add(struct found *found, const struct inet_diag_msg *message) {
    if (found->count == MOST_SOCKETS) return 0;
    if (found->count == found->capacity) {
        size_t capacity = found->capacity ? found->capacity * 2 : 64;
        struct tandem_listening_socket *grown = realloc(found->sockets, capacity * sizeof *grown);
        if (!grown) return -1;
        found->sockets = grown;
        found->capacity = capacity;
    }
    struct tandem_listening_socket *socket = &found->sockets[found->count++];
    memset(socket, 0, sizeof *socket);
    socket->family = message->idiag_family;
    memcpy(socket->address, message->id.idiag_src, sizeof socket->address);
    socket->port = ntohs(message->id.idiag_sport);
    socket->user = message->idiag_uid;
    socket->inode = message->idiag_inode;
    return 0;
}

// Returns 1 where the kernel's list is over, 0 where more of it comes, -1 and errno on failure.
static int take(struct found *found, struct nlmsghdr *header, ssize_t size) {
    for (; NLMSG_OK(header, size); header = NLMSG_NEXT(header, size)) {
        // A socket was opened or closed in between, so that others may be missing.
        if (header->nlmsg_flags & NLM_F_DUMP_INTR) {
            errno = EINTR;
            return -1;
        }
        if (header->nlmsg_type == NLMSG_DONE) return 1;
        if (header->nlmsg_type == NLMSG_ERROR) {
            errno = header->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr))
                        ? EPROTO
                        : -((struct nlmsgerr *)NLMSG_DATA(header))->error;
            return -1;
        }
        if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg))) {
            continue;
        }
        if (add(found, NLMSG_DATA(header)) < 0) return -1;
    }
    return 0;
}

static int ask(int descriptor, int family, struct found *found) {
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } question = {
        .header = {.nlmsg_len = sizeof question,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .request = {.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1 << TCP_LISTEN},
    };
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (sendto(descriptor, &question, sizeof question, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0) return -1;
    _Alignas(struct nlmsghdr) char answer[32768];
    for (;;) {
        struct sockaddr_nl sender;
        socklen_t length = sizeof sender;
        ssize_t size = recvfrom(descriptor, answer, sizeof answer, MSG_TRUNC, (struct sockaddr *)&sender, &length);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return -1;
        // Every process may send messages to this socket; the kernel's number is 0.
        if (sender.nl_pid != 0) continue;
        if ((size_t)size > sizeof answer) {
            errno = EMSGSIZE;
            return -1;
        }
        int result = take(found, (struct nlmsghdr *)answer, size);
        if (result != 0) return result < 0 ? -1 : 0;
    }
}

int tandem_listening_sockets(struct tandem_listening_socket **sockets, size_t *count) {
    struct found found = {0};
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (descriptor < 0) return -1;
    struct timeval bound = {.tv_sec = ANSWER_SECONDS};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    int result = ask(descriptor, AF_INET, &found);
    // ENOENT: a kernel without IPv6.
    if (result == 0 && ask(descriptor, AF_INET6, &found) < 0 && errno != ENOENT) result = -1;
    int error = errno;
    close(descriptor);
    errno = error;
    if (result < 0) {
        free(found.sockets);
        return -1;
    }
    *sockets = found.sockets;
    *count = found.count;
    return 0;
}
