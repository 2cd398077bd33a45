/// What the reactor of one thread knows of each descriptor, and who waits for it.
#pragma once

#include <carpool/fiber/descriptor_generations.hpp>
#include <carpool/fiber/ready_queue.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include <poll.h>

namespace carpool::inline v0_1::detail {

/// A fiber that waits for events of one descriptor; on its stack.
struct FiberIoWaiter {
  unsigned asked;     ///< poll(2)'s bits
  unsigned came = 0;  ///< of those, and POLLERR, POLLHUP, POLLNVAL; set once, by who wakes it
  FiberWaker waker;
};

/// What one thread's reactor knows of one descriptor.
struct FiberRegistration {
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

/// By descriptor. Only grows, and by pieces: a large number, perhaps a wrong one, must not cost a large table.
class FiberRegistrations {
 public:
  /// Made if need be. fd must not be negative.
  [[nodiscard]] FiberRegistration& make(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index / piece_size >= pieces_.size()) pieces_.resize(index / piece_size + 1);
    std::unique_ptr<Piece>& piece = pieces_[index / piece_size];
    if (piece == nullptr) piece = std::make_unique<Piece>();
    return (*piece)[index % piece_size];
  }

  /// nullptr: nothing is known of it.
  [[nodiscard]] FiberRegistration* find(int fd) noexcept {
    const auto index = static_cast<std::size_t>(fd);
    if (fd < 0 || index / piece_size >= pieces_.size() || pieces_[index / piece_size] == nullptr) return nullptr;
    return &(*pieces_[index / piece_size])[index % piece_size];
  }

  template <class Visit>
  void for_each(Visit visit) {
    for (std::size_t piece = 0; piece < pieces_.size(); ++piece) {
      for (std::size_t i = 0; pieces_[piece] != nullptr && i < piece_size; ++i) {
        visit(static_cast<int>(piece * piece_size + i), (*pieces_[piece])[i]);
      }
    }
  }

 private:
  static constexpr std::size_t piece_size = 256;
  using Piece = std::array<FiberRegistration, piece_size>;

  std::vector<std::unique_ptr<Piece>> pieces_;
};

}  // namespace carpool::inline v0_1::detail
