/// The descriptors that fibers of one thread wait for: level-triggered epoll, registered lazily and kept registered.
#pragma once

#include <carpool/descriptor_generations.hpp>
#include <carpool/epoll.hpp>
#include <carpool/time.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <poll.h>
#include <boost/fiber/waker.hpp>

namespace carpool::detail {

/// A fiber that waits for events of one descriptor; on its stack.
struct FiberIoWaiter {
  unsigned asked;              ///< poll(2)'s bits
  unsigned came = 0;           ///< of those, and POLLERR, POLLHUP, POLLNVAL; set once, by who wakes it
  boost::fibers::waker waker;  ///< outdated, and then without effect, once a deadline has woken the fiber
};

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
    Registration& registration = current(fd);
    FiberIoWaiter*& place = (waiter.asked & POLLIN) != 0 ? registration.reader : registration.writer;
    const bool both = (waiter.asked & POLLIN) != 0 && (waiter.asked & POLLOUT) != 0;
    if (place != nullptr || (both && registration.writer != nullptr)) refuse_second(fd);
    registration.hint = false;
    if (const int error = arm(fd, registration, registration.asked() | waiter.asked); error != 0) {
      return finish(waiter, events_despite(error, waiter.asked));
    }
    place = &waiter;
    if (both) registration.writer = &waiter;
    return true;
  }

  void withdraw(int fd, const FiberIoWaiter& waiter) noexcept {
    registrations_[static_cast<std::size_t>(fd)].remove(waiter);
  }

  /// Waits for events and makes ready who waited for them. idle: no fiber is ready, so who ought to wait does.
  void collect(Duration timeout, bool idle) noexcept {
    EpollInstance::Events events;
    const int count = epoll_.wait(events, timeout);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 != EpollInstance::bell) deliver(event, idle);
    }
  }

  /// The number is about to be closed or may mean another file. Who still waits for it here is woken with POLLNVAL.
  void forget(int fd) noexcept {
    if (!knows(fd)) return;
    Registration& registration = registrations_[static_cast<std::size_t>(fd)];
    if (registration.armed != 0) epoll_.remove(fd);
    registration.abandon();
  }

  /// Whether an event came while nobody waited, and there is still something to read. Asked again, because it may have
  /// been read by somebody who did not have to wait for it.
  [[nodiscard]] bool hint(int fd) noexcept {
    if (!knows(fd)) return false;
    Registration& registration = registrations_[static_cast<std::size_t>(fd)];
    if (!registration.hint || registration.generation != descriptor_generations.of(fd)) return false;
    pollfd entry{.fd = fd, .events = POLLIN | POLLRDHUP, .revents = 0};
    registration.hint = ::poll(&entry, 1, 0) > 0;
    return registration.hint;
  }

  /// In a forked child: the old instance is the parent's too, and removing something from it would remove it there. Who
  /// waits belongs to the parent's connections, so it fails at once.
  void start_anew(int bell) {
    bell_ = bell;
    epoll_.replace();
    epoll_.listen_to_bell(bell_);
    for (Registration& registration : registrations_) registration.abandon();
  }

 private:
  struct Registration {
    FiberIoWaiter* reader = nullptr;
    FiberIoWaiter* writer = nullptr;  // the same as reader where one fiber waits for both
    DescriptorGenerations::Generation generation = 0;
    unsigned armed = 0;  // what epoll was asked for; 0: not registered
    bool hint = false;

    [[nodiscard]] bool wanted() const noexcept { return reader != nullptr || writer != nullptr; }
    [[nodiscard]] unsigned asked() const noexcept {
      return (reader == nullptr ? 0 : reader->asked) | (writer == nullptr ? 0 : writer->asked);
    }
    void remove(const FiberIoWaiter& waiter) noexcept {
      if (reader == &waiter) reader = nullptr;
      if (writer == &waiter) writer = nullptr;
    }
    /// Trouble concerns everybody, as with poll(2).
    bool rouse(FiberIoWaiter* waiter, unsigned came) noexcept {
      if (waiter == nullptr) return false;
      const unsigned concerns = came & (waiter->asked | POLLERR | POLLHUP | POLLNVAL);
      if (concerns == 0) return false;
      remove(*waiter);
      waiter->came = concerns;
      waiter->waker.wake();
      return true;
    }
    void abandon() noexcept {
      rouse(reader, POLLNVAL);
      rouse(writer, POLLNVAL);
      *this = {};
    }
  };

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

  [[nodiscard]] bool knows(int fd) const noexcept {
    return fd >= 0 && static_cast<std::size_t>(fd) < registrations_.size();
  }

  /// The registration of the file that the number means now: what is known of another one is dropped.
  [[nodiscard]] Registration& current(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= registrations_.size()) registrations_.resize(index + index / 2 + 64);
    Registration& registration = registrations_[index];
    const auto generation = descriptor_generations.of(fd);
    if (registration.generation != generation) {
      registration.abandon();
      registration.generation = generation;
    }
    return registration;
  }

  int arm(int fd, Registration& registration, unsigned events) noexcept {
    if (registration.armed == events && events != 0) return 0;
    const int error = epoll_.set(fd, registration.generation, events, registration.armed != 0);
    registration.armed = error == 0 ? events : 0;
    return error;
  }

  void deliver(const epoll_event& event, bool idle) noexcept {
    const int fd = EpollInstance::descriptor_of(event);
    Registration& registration = registrations_[static_cast<std::size_t>(fd)];
    if (registration.armed == 0 || registration.generation != EpollInstance::generation_of(event))
      return exorcise(fd, registration);
    const bool wanted = registration.wanted();
    const bool read = registration.rouse(registration.reader, event.events);
    const bool wrote = registration.rouse(registration.writer, event.events);
    // While fibers are ready, an event that nobody waits for is only for one that has not come to wait yet.
    if (read || wrote || !idle) return;
    if (wanted) {
      arm(fd, registration,
          registration.asked());  // for the one who has left nobody waits, it would come again and again
    } else {
      note_stray(fd, registration, event.events);
    }
  }

  /// Nobody waits, so the connection is idle. That it could be written to says nothing: from now on watch for what may
  /// be read. That it can be read, or has ended, is worth knowing, once: level-triggered, it would be said without end.
  void note_stray(int fd, Registration& registration, unsigned came) noexcept {
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
  void exorcise(int fd, const Registration& registration) noexcept {
    if (registration.armed == 0 && epoll_.remove(fd)) return;
    if (++ghosts_ < ghosts_borne) return;  // one that was closed between epoll_wait and here does not come again
    ghosts_ = 0;
    rebuild();
  }

  void rebuild() noexcept {
    if (!epoll_.replace()) return;  // no descriptor is free: the ghost comes again, and so does this
    epoll_.listen_to_bell(bell_);
    for (std::size_t index = 0; index < registrations_.size(); ++index) {
      Registration& registration = registrations_[index];
      if (registration.armed == 0) continue;
      const int fd = static_cast<int>(index);
      const bool same_file = registration.generation == descriptor_generations.of(fd);
      if (!same_file || epoll_.set(fd, registration.generation, registration.armed, false) != 0) registration.abandon();
    }
  }

  static constexpr int ghosts_borne = 4;

  EpollInstance epoll_;
  int bell_;
  int ghosts_ = 0;
  std::vector<Registration> registrations_;  // by descriptor; only grows
};

}  // namespace carpool::detail
