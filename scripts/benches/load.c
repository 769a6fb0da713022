/* The load generator of the media bench, and the loop that shows what the kernel alone costs.
 *
 *   load legs N     N telephones: one connected UDP socket each, G.711 RTP every 20 ms on a grid of its own
 *   load kernel N   N echoing sockets on one common 20 ms grid: recv and send, nothing else
 *
 * Both print `ports P…` for their sockets and then obey lines on standard input:
 *   open I PORT     connect socket I to PORT and start it
 *   measure MS      (legs) count for so long, then print one line a leg and `done`
 *   quit            end; so does the end of the input
 * Lines of a measurement: `leg I received expected audible gaps g50 g99 gmax over40 over60`, gaps in µs, then
 * `done late50 late99 latemax`: how late the generator itself was, in µs. Arrivals carry the kernel's time
 * stamps, so that a busy generator does not look like a late worker. Only 127.0.0.1 is used.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 160, PACKET = 172, LOOP = 50, SLOTS = 20, MOST_READS = 8, LATES = 1 << 16 };
#define PERIOD 20000000LL
#define SLOT (PERIOD / SLOTS)

typedef struct {
    int fd, open, sent, count, gap_count;
    uint32_t ssrc, stamp;
    uint16_t sequence, heard_sequence;
    int64_t first, last, span;
    int audible, over40, over60;
    uint32_t *gaps;
} Leg;

static Leg *legs;
static int total, most_gaps;
static int64_t from, until; /* of a measurement, wall clock */
static uint8_t voice[LOOP][FRAME];
static uint32_t *lates;
static int late_count;

static int64_t clock_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void sleep_until(int64_t due)
{
    int64_t left = due - clock_of(CLOCK_MONOTONIC);
    if (left <= 0)
        return;
    struct timespec t = {left / 1000000000LL, left % 1000000000LL};
    nanosleep(&t, NULL);
}

/* One second of noise whose loudness rises and falls like speech; u-law, never silent. */
static void make_voice(void)
{
    uint32_t seed = 1;
    for (int frame = 0; frame < LOOP; frame++) {
        int high = 2 + (frame % 10 < 5 ? frame % 5 : 5 - frame % 5);
        for (int i = 0; i < FRAME; i++) {
            seed = seed * 1664525u + 1013904223u;
            voice[frame][i] = (uint8_t)((seed >> 8 & 0x80) | (0x7f - (high << 4 & 0x70) - (seed >> 20 & 15)));
        }
    }
}

static int udp_socket(int stamped)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) < 0) {
        perror("load: no socket");
        exit(1);
    }
#ifdef SO_TIMESTAMPNS
    if (stamped)
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
#else
    if (stamped)
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on);
#endif
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_in here;
    socklen_t size = sizeof here;
    getsockname(fd, (struct sockaddr *)&here, &size);
    return ntohs(here.sin_port);
}

static void connect_to(int fd, int port)
{
    struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    connect(fd, (struct sockaddr *)&there, sizeof there);
}

static int64_t stamp_of(struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
#ifdef SO_TIMESTAMPNS
        if (c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            return t.tv_sec * 1000000000LL + t.tv_nsec;
        }
#else
        if (c->cmsg_type == SCM_TIMESTAMP) {
            struct timeval t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            return t.tv_sec * 1000000000LL + t.tv_usec * 1000LL;
        }
#endif
    }
    return clock_of(CLOCK_REALTIME);
}

static void note_gap(Leg *leg, int64_t gap)
{
    if (leg->gap_count < most_gaps)
        leg->gaps[leg->gap_count++] = gap > 0 ? gap / 1000 : 0;
    leg->over40 += gap > 40000000;
    leg->over60 += gap > 60000000;
}

static void hear(Leg *leg, const uint8_t *data, ssize_t size, int64_t at)
{
    if (at < from || at >= until || size < 12)
        return;
    uint16_t sequence = (uint16_t)(data[2] << 8 | data[3]);
    if (leg->count) {
        note_gap(leg, at - leg->last);
        leg->span += (int16_t)(sequence - leg->heard_sequence);
    } else {
        leg->first = at;
    }
    leg->heard_sequence = sequence;
    leg->count++;
    leg->last = at;
    int loud = 0;
    for (ssize_t i = 12; i < size && i < 28; i++)
        loud |= (data[i] & 0x7f) < 0x7e;
    leg->audible += loud;
}

static void read_leg(Leg *leg)
{
    uint8_t data[512], control[128];
    for (int i = 0; i < MOST_READS; i++) {
        struct iovec part = {data, sizeof data};
        struct msghdr header = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        ssize_t size = recvmsg(leg->fd, &header, MSG_DONTWAIT);
        if (size < 0) {
            if (errno == ECONNREFUSED)
                continue;
            return;
        }
        hear(leg, data, size, stamp_of(&header));
    }
}

static void say(Leg *leg, int index)
{
    uint8_t data[PACKET] = {0x80, 0x00};
    uint16_t sequence = htons(leg->sequence++);
    uint32_t stamp = htonl(leg->stamp), ssrc = htonl(leg->ssrc);
    memcpy(data + 2, &sequence, 2);
    memcpy(data + 4, &stamp, 4);
    memcpy(data + 8, &ssrc, 4);
    memcpy(data + 12, voice[(leg->sent + index * 7) % LOOP], FRAME);
    leg->stamp += FRAME;
    leg->sent++;
    send(leg->fd, data, PACKET, MSG_DONTWAIT);
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t quantile(const uint32_t *sorted, int count, double share)
{
    int place = (int)(share * count);
    return count ? sorted[place < count ? place : count - 1] : 0;
}

/* A leg that was silent at an end of the measurement: a gap like any other. The packets that are missing. */
static int64_t silence(Leg *leg, int64_t time)
{
    if (time <= 2 * PERIOD)
        return 0;
    note_gap(leg, time);
    return time / PERIOD;
}

/* Rounded down but for a millisecond, because one late packet at the end is not a missing one. */
static int64_t whole_periods(int64_t time)
{
    return (time + PERIOD / 20) / PERIOD;
}

static void report(void)
{
    for (int i = 0; i < total; i++) {
        Leg *leg = legs + i;
        if (!leg->open)
            continue;
        int64_t expected = leg->count ? whole_periods(leg->last - leg->first) + 1 : 0;
        if (leg->count && leg->span + 1 > expected)
            expected = leg->span + 1;
        expected += silence(leg, leg->count ? leg->first - from : until - from);
        expected += silence(leg, leg->count ? until - leg->last : 0);
        int gaps = leg->gap_count;
        qsort(leg->gaps, gaps, sizeof *leg->gaps, ascending);
        printf("leg %d %d %lld %d %d %u %u %u %d %d\n", i, leg->count, (long long)expected, leg->audible, gaps,
               quantile(leg->gaps, gaps, 0.5), quantile(leg->gaps, gaps, 0.99), quantile(leg->gaps, gaps, 1.0),
               leg->over40, leg->over60);
    }
    int count = late_count < LATES ? late_count : LATES;
    qsort(lates, count, sizeof *lates, ascending);
    printf("done %u %u %u\n", quantile(lates, count, 0.5), quantile(lates, count, 0.99),
           quantile(lates, count, 1.0));
    fflush(stdout);
}

static void begin_measure(int milliseconds)
{
    most_gaps = milliseconds / 10 + 64;
    for (int i = 0; i < total; i++) {
        Leg *leg = legs + i;
        leg->count = leg->gap_count = leg->audible = leg->over40 = leg->over60 = 0;
        leg->first = leg->last = leg->span = 0;
        leg->gaps = realloc(leg->gaps, most_gaps * sizeof *leg->gaps);
        if (!leg->gaps)
            exit(1);
    }
    late_count = 0;
    from = clock_of(CLOCK_REALTIME);
    until = from + milliseconds * 1000000LL;
}

/* Lines that have come; 0 when the generator should end. */
static int obey(int measures)
{
    static char text[1 << 16];
    static size_t held;
    ssize_t size = read(0, text + held, sizeof text - held - 1);
    if (size == 0)
        return 0;
    if (size < 0)
        return errno == EAGAIN || errno == EINTR;
    held += size;
    text[held] = 0;
    char *line = text, *end;
    while ((end = strchr(line, '\n'))) {
        int index, value;
        *end = 0;
        if (sscanf(line, "open %d %d", &index, &value) == 2 && index >= 0 && index < total) {
            connect_to(legs[index].fd, value);
            legs[index].open = 1;
        } else if (measures && sscanf(line, "measure %d", &value) == 1) {
            begin_measure(value);
        } else if (!strcmp(line, "quit")) {
            return 0;
        }
        line = end + 1;
    }
    held -= line - text;
    memmove(text, line, held);
    return 1;
}

static void run_legs(void)
{
    int64_t due = clock_of(CLOCK_MONOTONIC);
    for (int slot = 0; obey(1); slot = (slot + 1) % SLOTS) {
        int64_t late = clock_of(CLOCK_MONOTONIC) - due;
        if (from && late_count < LATES)
            lates[late_count++] = late > 0 ? late / 1000 : 0;
        for (int i = slot; i < total; i += SLOTS) {
            if (legs[i].open) {
                say(legs + i, i);
                read_leg(legs + i);
            }
        }
        /* One turn more than the measurement, so that what is still queued is read. */
        if (from && clock_of(CLOCK_REALTIME) > until + 2 * PERIOD) {
            report();
            from = until = 0;
        }
        sleep_until(due += SLOT);
    }
}

static void run_kernel(void)
{
    uint8_t data[2048], packet[PACKET] = {0x80, 0x00};
    int64_t due = clock_of(CLOCK_MONOTONIC);
    while (obey(0)) {
        for (int i = 0; i < total; i++) {
            if (!legs[i].open)
                continue;
            recv(legs[i].fd, data, sizeof data, MSG_DONTWAIT);
            send(legs[i].fd, packet, PACKET, MSG_DONTWAIT);
        }
        sleep_until(due += PERIOD);
    }
}

int main(int count, char **words)
{
    struct rlimit limit;
    int kernel = count == 3 && !strcmp(words[1], "kernel");
    if (count != 3 || (!kernel && strcmp(words[1], "legs")) || (total = atoi(words[2])) < 1) {
        fprintf(stderr, "usage: load legs|kernel N\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    legs = calloc(total, sizeof *legs);
    lates = calloc(LATES, sizeof *lates);
    if (!legs || !lates)
        return 1;
    make_voice();
    printf("ports");
    for (int i = 0; i < total; i++) {
        legs[i].fd = udp_socket(!kernel);
        legs[i].ssrc = 0x10000u + i;
        legs[i].stamp = i * 1600u;
        legs[i].sequence = i;
        printf(" %d", port_of(legs[i].fd));
    }
    printf("\n");
    fflush(stdout);
    fcntl(0, F_SETFL, O_NONBLOCK);
    kernel ? run_kernel() : run_legs();
    return 0;
}
