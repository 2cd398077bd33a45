/// One epoll(7) instance: level-triggered descriptors labelled with a generation, and one bell that is heard by edges.
#pragma once

#include <carpool/posix/clock.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <limits>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace carpool::inline v0_1::detail {

// poll(2)'s bits go to the kernel, and come back, as they are.
static_assert(EPOLLIN == POLLIN && EPOLLPRI == POLLPRI && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
              EPOLLHUP == POLLHUP && EPOLLRDHUP == POLLRDHUP);

class EpollInstance {
 public:
  using Events = std::array<epoll_event, 256>;

  /// event.data of the bell; no label of a descriptor is like it, descriptors are not negative.
  static constexpr std::uint64_t bell = std::numeric_limits<std::uint64_t>::max();

  EpollInstance() : instance_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (instance_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
  }
  EpollInstance(const EpollInstance&) = delete;
  EpollInstance& operator=(const EpollInstance&) = delete;
  ~EpollInstance() { ::close(instance_); }

  /// A new, empty instance instead of this one; false: the kernel has none to give, everything is as before.
  bool replace() noexcept {
    const int fresh = ::epoll_create1(EPOLL_CLOEXEC);
    if (fresh < 0) return false;
    ::close(std::exchange(instance_, fresh));
    return true;
  }

  /// The same in a forked child. This one is the parent's too: closing the child's copy takes nothing from it, and
  /// makes room for the new one. Throws std::system_error.
  void renew() {
    ::close(instance_);
    instance_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (instance_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
  }

  [[nodiscard]] static int descriptor_of(const epoll_event& event) noexcept {
    return static_cast<int>(event.data.u64 & 0xFFFF'FFFFu);
  }
  [[nodiscard]] static std::uint32_t generation_of(const epoll_event& event) noexcept {
    return static_cast<std::uint32_t>(event.data.u64 >> 32);
  }

  [[nodiscard]] int descriptor() const noexcept { return instance_; }

  void listen_to_bell(int fd) noexcept { control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, bell); }

  /// 0, or the error. known: what the caller believes; the kernel knows better, where the number means another file.
  int set(int fd, std::uint32_t generation, unsigned events, bool known) noexcept {
    const std::uint64_t label = std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
    const int error = control(known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, events, label);
    if (known && error == ENOENT) return control(EPOLL_CTL_ADD, fd, events, label);
    if (!known && error == EEXIST) return control(EPOLL_CTL_MOD, fd, events, label);
    return error;
  }

  /// false: there was nothing under this number.
  bool remove(int fd) noexcept { return control(EPOLL_CTL_DEL, fd, 0, 0) == 0; }

  /// How many events came. 0: the time has passed, or a signal came.
  [[nodiscard]] int wait(Events& events, Duration timeout) noexcept {
    const int callers_errno = errno;
    int count = wait_exactly(events, timeout);
    if (count < 0 && errno != EINTR) count = wait_to_the_millisecond(events, timeout);
    errno = callers_errno;
    return std::max(count, 0);
  }

 private:
  int control(int operation, int fd, unsigned events, std::uint64_t label) noexcept {
    const int callers_errno = errno;
    epoll_event event{};
    event.events = events;
    event.data.u64 = label;
    const int error = ::epoll_ctl(instance_, operation, fd, &event) == 0 ? 0 : errno;
    errno = callers_errno;
    return error;
  }

  int wait_exactly(Events& events, Duration timeout) noexcept {
    const std::timespec time = timespec_of(timeout);
    return ::epoll_pwait2(instance_, events.data(), static_cast<int>(events.size()),
                          timeout == forever ? nullptr : &time, nullptr);
  }

  /// Kernels before 5.11, and sandboxes that do not know the newer call. Rounded up, or the last fraction would be
  /// spent spinning.
  int wait_to_the_millisecond(Events& events, Duration timeout) noexcept {
    constexpr std::chrono::milliseconds longest{std::numeric_limits<int>::max()};
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(std::min<Duration>(timeout, longest));
    return ::epoll_wait(instance_, events.data(), static_cast<int>(events.size()),
                        timeout == forever ? -1 : static_cast<int>(std::min(rounded, longest).count()));
  }

  int instance_;
};

}  // namespace carpool::inline v0_1::detail
