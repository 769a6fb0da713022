/* Asks a SIP server with OPTIONS over UDP, and shows what the kernel alone makes of the same datagrams.
 *
 *   options ask PORT WINDOW MS         WINDOW requests under way, each answered one is followed by another
 *   options echo                       a loop of recvfrom and sendto on one socket: prints `port P`, ends with its input
 *
 * `ask` prints `sent answered refused lost p50 p99 longest` (µs). A request without an answer for half a second is
 * lost and followed by another. Only 127.0.0.1 is used.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_WINDOW = 4096, MOST_TIMES = 1 << 20, LOST_US = 500000 };

typedef struct {
    int64_t sent;
    uint32_t number;
} Slot;

static Slot slots[MOST_WINDOW];
static uint32_t *times;
static long sent, answered, refused, lost, time_count;
static int own_port, far_port;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static int udp_socket(int connect_port)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in there = here;
    socklen_t length = sizeof here;
    there.sin_port = htons(connect_port);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) < 0 ||
        (connect_port && connect(fd, (struct sockaddr *)&there, sizeof there) < 0)) {
        perror("options: no socket");
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    getsockname(fd, (struct sockaddr *)&here, &length);
    own_port = ntohs(here.sin_port);
    return fd;
}

static void ask(int fd, int place)
{
    static uint32_t number;
    char text[1024];
    Slot *slot = slots + place;
    slot->number = ++number;
    slot->sent = now_us();
    int size = snprintf(text, sizeof text,
                        "OPTIONS sip:127.0.0.1:%d SIP/2.0\r\n"
                        "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%x.%x;rport\r\n"
                        "From: <sip:bench@127.0.0.1>;tag=b%x\r\nTo: <sip:127.0.0.1:%d>\r\n"
                        "Call-ID: %x.%x@%d\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
                        "Accept: application/sdp\r\nContent-Length: 0\r\n\r\n",
                        far_port, own_port, place, slot->number, slot->number, far_port, place, slot->number,
                        own_port);
    send(fd, text, size, 0);
    sent++;
}

static void hear(int fd)
{
    char text[4096];
    ssize_t size;
    while ((size = recv(fd, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
        unsigned place, number;
        text[size] = 0;
        char *branch = strstr(text, "branch=z9hG4bK");
        if (!branch || sscanf(branch + 14, "%x.%x", &place, &number) != 2 || place >= MOST_WINDOW ||
            slots[place].number != number)
            continue;
        if (time_count < MOST_TIMES)
            times[time_count++] = now_us() - slots[place].sent;
        /* What `echo` sends back is the request itself. */
        if (!strncmp(text, "SIP/2.0 200", 11) || !strncmp(text, "OPTIONS", 7))
            answered++;
        else
            refused++;
        ask(fd, place);
    }
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void run_ask(int port, int window, int milliseconds)
{
    far_port = port;
    int fd = udp_socket(port);
    int64_t end = now_us() + milliseconds * 1000LL, look = 0;
    for (int i = 0; i < window; i++)
        ask(fd, i);
    while (now_us() < end) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        poll(&wait, 1, 10);
        hear(fd);
        if (now_us() - look < 50000)
            continue;
        look = now_us();
        for (int i = 0; i < window; i++) {
            if (look - slots[i].sent > LOST_US) {
                lost++;
                ask(fd, i);
            }
        }
    }
    qsort(times, time_count, sizeof *times, ascending);
    printf("%ld %ld %ld %ld %u %u %u\n", sent, answered, refused, lost, time_count ? times[time_count / 2] : 0,
           time_count ? times[time_count - 1 - time_count / 100] : 0, time_count ? times[time_count - 1] : 0);
}

static void run_echo(void)
{
    int fd = udp_socket(0);
    char text[4096];
    printf("port %d\n", own_port);
    fflush(stdout);
    struct pollfd waits[2] = {{.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    while (poll(waits, 2, -1) >= 0 && !waits[1].revents) {
        struct sockaddr_in from;
        socklen_t length = sizeof from;
        ssize_t size;
        while ((size = recvfrom(fd, text, sizeof text, MSG_DONTWAIT, (struct sockaddr *)&from, &length)) >= 0)
            sendto(fd, text, size, 0, (struct sockaddr *)&from, length);
    }
}

int main(int count, char **words)
{
    times = malloc(MOST_TIMES * sizeof *times);
    if (count == 2 && !strcmp(words[1], "echo")) {
        run_echo();
    } else if (count == 5 && !strcmp(words[1], "ask")) {
        int window = atoi(words[3]);
        run_ask(atoi(words[2]), window < 1 ? 1 : window > MOST_WINDOW ? MOST_WINDOW : window, atoi(words[4]));
    } else {
        fprintf(stderr, "usage: options ask PORT WINDOW MS | options echo\n");
        return 2;
    }
    return 0;
}
