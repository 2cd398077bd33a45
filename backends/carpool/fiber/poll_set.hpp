/// The descriptors that fibers of one thread wait for: level-triggered epoll, registered lazily and kept registered.
#pragma once

#include <carpool/fiber/descriptor_generations.hpp>
#include <carpool/fiber/epoll.hpp>
#include <carpool/fiber/registrations.hpp>
#include <carpool/time.hpp>

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>

#include <poll.h>

namespace carpool::inline v0_1::detail {

/// Level-triggered, because foreign libraries do not read until EAGAIN, and what they leave raises no second edge. A
/// descriptor stays registered between waits, so that a wait costs no system call of its own; the registration of an
/// idle connection then tells for free when the peer closes it.
///
/// Touched by its thread alone.
class FiberPollSet {
 public:
  /// Also listens on the bell, for edges.
  explicit FiberPollSet(int bell) : bell_(bell) { epoll_.listen_to_bell(bell); }

  /// false: there is nothing to wait for, waiter.came says why. true: withdraw() must follow.
  /// Throws std::logic_error if another fiber of this thread waits for the same, std::system_error from epoll_ctl(2).
  [[nodiscard]] bool enlist(int fd, FiberIoWaiter& waiter) {
    if (fd < 0) return finish(waiter, POLLNVAL);
    FiberRegistration& registration = current(fd);
    const bool writes = (waiter.asked & POLLOUT) != 0;
    const bool reads = !writes || (waiter.asked & ~static_cast<unsigned>(POLLOUT)) != 0;
    if ((reads && registration.reader != nullptr) || (writes && registration.writer != nullptr)) refuse_second(fd);
    registration.hint = false;
    if (const int error = arm(fd, registration, registration.asked() | waiter.asked); error != 0) {
      return finish(waiter, events_despite(error, waiter.asked));
    }
    if (reads) registration.reader = &waiter;
    if (writes) registration.writer = &waiter;
    return true;
  }

  void withdraw(int fd, const FiberIoWaiter& waiter) noexcept { registrations_.find(fd)->remove(waiter); }

  /// Readable where collect() would find something.
  [[nodiscard]] int descriptor() const noexcept { return epoll_.descriptor(); }

  /// Waits for events and makes ready who waited for them. idle: no fiber is ready, so who ought to wait does. False:
  /// there may be more events than these.
  bool collect(Duration timeout, bool idle) noexcept {
    EpollInstance::Events events;
    const int count = epoll_.wait(events, timeout);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 != EpollInstance::bell) deliver(event, idle);
    }
    return count < static_cast<int>(events.size());
  }

  /// The number is about to be closed or may mean another file. Who still waits for it here is woken with POLLNVAL.
  void forget(int fd) noexcept {
    FiberRegistration* const registration = registrations_.find(fd);
    if (registration == nullptr) return;
    if (registration->armed != 0) epoll_.remove(fd);
    registration->abandon();
  }

  /// Whether an event came while nobody waited, and there is still something to read. Asked again, because it may have
  /// been read by somebody who did not have to wait for it.
  [[nodiscard]] bool hint(int fd) noexcept {
    FiberRegistration* const known = registrations_.find(fd);
    if (known == nullptr || !known->hint || known->generation != descriptor_generations.of(fd)) return false;
    pollfd entry{.fd = fd, .events = POLLIN | POLLRDHUP, .revents = 0};
    known->hint = ::poll(&entry, 1, 0) > 0;
    return known->hint;
  }

  /// In a forked child: the old instance is the parent's too, and removing something from it would remove it there. Who
  /// waits belongs to the parent's connections, so it fails at once.
  void start_anew(int bell) {
    bell_ = bell;
    epoll_.renew();
    epoll_.listen_to_bell(bell_);
    registrations_.for_each([](int, FiberRegistration& registration) { registration.abandon(); });
  }

 private:
  static bool finish(FiberIoWaiter& waiter, unsigned came) noexcept {
    waiter.came = came;
    return false;
  }

  [[noreturn]] static void refuse_second(int fd) {
    throw std::logic_error("two fibers of one thread wait for the same event of descriptor " + std::to_string(fd));
  }

  /// What poll(2) would say where epoll(7) refuses.
  [[nodiscard]] static unsigned events_despite(int error, unsigned asked) {
    if (error == EBADF) return POLLNVAL;
    if (error == EPERM) return asked & (POLLIN | POLLOUT);  // a regular file: always ready
    throw std::system_error(error, std::system_category(), "epoll_ctl");
  }

  /// The registration of the file that the number means now. Who waits for another one waits on, for this: perhaps only
  /// a counter that two numbers share has moved.
  [[nodiscard]] FiberRegistration& current(int fd) {
    FiberRegistration& registration = registrations_.make(fd);
    const auto generation = descriptor_generations.of(fd);
    if (registration.generation != generation) {
      registration.generation = generation;
      registration.armed = 0;
    }
    return registration;
  }

  int arm(int fd, FiberRegistration& registration, unsigned events) noexcept {
    events |= EPOLLERR | EPOLLHUP;  // which the kernel always adds; so that what is registered is never 0
    if (registration.armed == events) return 0;
    const int error = epoll_.set(fd, registration.generation, events, registration.armed != 0);
    registration.armed = error == 0 ? events : 0;
    return error;
  }

  void deliver(const epoll_event& event, bool idle) noexcept {
    const int fd = EpollInstance::descriptor_of(event);
    FiberRegistration& registration = *registrations_.find(fd);
    const bool ghost = registration.armed == 0 || registration.generation != EpollInstance::generation_of(event);
    if (ghost) return exorcise(fd, registration);
    const bool wanted = registration.wanted();
    const bool read = registration.rouse(registration.reader, event.events);
    const bool wrote = registration.rouse(registration.writer, event.events);
    // While fibers are ready, an event that nobody waits for is only for one that has not come to wait yet.
    if (read || wrote || !idle) return;
    if (!wanted) return note_stray(fd, registration, event.events);
    // Of two who waited one has left. What he alone wanted would be reported again and again.
    arm(fd, registration, registration.asked());
  }

  /// Nobody waits, so the connection is idle. That it could be written to says nothing: from now on watch for what may
  /// be read. That it can be read, or has ended, is worth knowing, once: level-triggered, it would be said without end.
  void note_stray(int fd, FiberRegistration& registration, unsigned came) noexcept {
    const bool same_file = registration.generation == descriptor_generations.of(fd);
    if (same_file && (came & ~static_cast<unsigned>(EPOLLOUT)) == 0) {
      arm(fd, registration, EPOLLIN);
      return;
    }
    if (!epoll_.remove(fd)) exorcise(fd, registration);
    registration.armed = 0;
    registration.hint = same_file;
  }

  /// An event of a file that the number no longer means. Where another process inherited it, epoll keeps it after its
  /// close here, reports it for ever, and has no name left to remove it by. Only a new instance is rid of it.
  void exorcise(int fd, const FiberRegistration& registration) noexcept {
    if (registration.armed == 0 && epoll_.remove(fd)) return;
    if (++ghosts_ < ghosts_borne) return;  // one that was closed between epoll_wait and here does not come again
    ghosts_ = 0;
    rebuild();
  }

  void rebuild() noexcept {
    if (!epoll_.replace()) return;  // no descriptor is free: the ghost comes again, and so does this
    epoll_.listen_to_bell(bell_);
    registrations_.for_each([this](int fd, FiberRegistration& registration) {
      if (registration.armed == 0) return;
      const bool same_file = registration.generation == descriptor_generations.of(fd);
      registration.armed = 0;
      if (!same_file && !registration.wanted()) return;
      if (arm(fd, registration, registration.wanted() ? registration.asked() : EPOLLIN) != 0) registration.abandon();
    });
  }

  static constexpr int ghosts_borne = 4;

  EpollInstance epoll_;
  int bell_;
  int ghosts_ = 0;
  FiberRegistrations registrations_;
};

}  // namespace carpool::inline v0_1::detail
