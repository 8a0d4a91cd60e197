/*
 * A slow line between two network namespaces: a TUN device in each, and packets carried from one to the other with a rate, a delay and
 * random loss. For kernels without netem.
 *
 *   relay NAMESPACE NAMESPACE ONE_WAY_MICROSECONDS LOSS_PER_MILLION BITS_PER_SECOND
 *
 * Makes "line0" in both, prints "ready", runs until killed. A packet that would be queued for more than QUEUE_NS is dropped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 32768
#define PACKET_MAX 1600
#define QUEUE_NS 50000000ULL
#define BATCH 64

struct packet { uint64_t due; uint16_t length; uint8_t bytes[PACKET_MAX]; };
struct direction { int from, to; struct packet *ring; uint64_t head, tail, freeAt; };

static uint64_t delayNs, lossPerMillion, bitsPerSecond, dice = 0x9E3779B97F4A7C15ULL;

static void fail(const char *what) { perror(what); exit(1); }

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_nsec;
}

static int isLost(void) {
  dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
  return dice % 1000000 < lossPerMillion;
}

static int openTun(const char *name) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", name);
  int space = open(path, O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) < 0) fail(path);
  close(space);
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, "line0");
  if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0) fail("/dev/net/tun");
  return tun;
}

/* Reads the received packets and sets the arrival time of each on the other side. */
static void take(struct direction *line) {
  for (int count = 0; count < BATCH && line->head - line->tail < SLOTS; count++) {
    struct packet *packet = &line->ring[line->head % SLOTS];
    ssize_t length = read(line->from, packet->bytes, PACKET_MAX);
    if (length <= 0) return;
    uint64_t time = now();
    if (line->freeAt < time) line->freeAt = time;
    if (isLost() || line->freeAt - time > QUEUE_NS) continue;
    line->freeAt += (uint64_t)length * 8000000000ULL / bitsPerSecond;
    packet->due = line->freeAt + delayNs;
    packet->length = (uint16_t)length;
    line->head++;
  }
}

/* Delivers due packets. @return the due time of the next one */
static uint64_t give(struct direction *line) {
  for (uint64_t time = now(); line->tail != line->head; line->tail++) {
    struct packet *packet = &line->ring[line->tail % SLOTS];
    if (packet->due > time) return packet->due;
    if (write(line->to, packet->bytes, packet->length) < 0 && errno == EAGAIN) return time + 100000;
  }
  return UINT64_MAX;
}

int main(int count, char **args) {
  if (count != 6) return 2;
  delayNs = strtoull(args[3], 0, 10) * 1000ULL;
  lossPerMillion = strtoull(args[4], 0, 10);
  bitsPerSecond = strtoull(args[5], 0, 10);
  int one = openTun(args[1]), two = openTun(args[2]);
  struct direction lines[2] = {{.from = one, .to = two}, {.from = two, .to = one}};
  for (int index = 0; index < 2; index++) {
    lines[index].ring = calloc(SLOTS, sizeof(struct packet));
    if (!lines[index].ring) fail("memory");
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    uint64_t next = UINT64_MAX;
    for (int index = 0; index < 2; index++) {
      take(&lines[index]);
      uint64_t due = give(&lines[index]);
      if (due < next) next = due;
    }
    struct pollfd polls[2] = {{.fd = one, .events = POLLIN}, {.fd = two, .events = POLLIN}};
    uint64_t time = now(), wait = next == UINT64_MAX ? 100000000ULL : next > time ? next - time : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000ULL), .tv_nsec = (long)(wait % 1000000000ULL)};
    if (ppoll(polls, 2, &timeout, 0) < 0 && errno != EINTR) fail("ppoll");
  }
}
