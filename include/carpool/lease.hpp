/// One caller's hold on one connection.
#pragma once

#include <cassert>
#include <cstdint>
#include <exception>
#include <utility>

namespace carpool::inline v0_1 {

/// Move-only; its destructor gives the connection back. There is no other way to give one back, so neither a double nor
/// a foreign release can be written.
/// Exceptions: a lease destroyed while more exceptions are in flight than when it was acquired closes its connection,
///          unless the connector can tell that its protocol is in step (its optional member in_step), and it is. An
///          exception that is caught while the lease lives is not seen: then reusable alone decides on return, and the
///          holder of a connector without it calls discard() where the connection may be in any state.
///          So it is where a coroutine's frame is destroyed: no exception is in flight then.
/// Assignment: `lease = pool.acquire()` acquires before the connection that the lease already holds is given back. With
///          max_size 1 it would wait for itself until its deadline: call release() first.
/// Threads: one worker at a time; it may be moved to, and given back by, another.
/// Lifetime: may outlive its pool; the connection is then closed on return.
template <class Return>
class Lease {
 public:
  using Connection = typename Return::Connection;  ///< the pool's

  Lease() noexcept = default;
  Lease(Lease&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      release();
      slot_ = std::exchange(other.slot_, nullptr);
    }
    return *this;
  }
  ~Lease() { release(); }

  [[nodiscard]] explicit operator bool() const noexcept { return slot_ != nullptr; }
  /// The connection, which is the caller's until the lease ends. A reference or pointer to it must not be kept longer.
  /// An empty lease has none: asserted. With NDEBUG it is undefined behaviour, as with std::optional.
  [[nodiscard]] Connection& operator*() const& noexcept { return *operator->(); }
  Connection& operator*() const&& = delete;  // Name the lease, or use ->: a temporary lease ends with its statement
  [[nodiscard]] Connection* operator->() const noexcept {
    assert(slot_ != nullptr && "carpool: an empty lease has no connection");
    return &*slot_->connection;
  }

  /// The connection's number in its pool, as observers, and Holder::connection, name it; 0 for an empty lease.
  [[nodiscard]] std::uint64_t id() const noexcept { return slot_ == nullptr ? 0 : slot_->id; }

  /// Gives the connection back now. An empty lease does nothing.
  void release() noexcept {
    if (auto* slot = std::exchange(slot_, nullptr)) Return::give_back(*slot);
  }
  /// Has the connection closed instead of pooled.
  void discard() noexcept {
    if (auto* slot = std::exchange(slot_, nullptr)) Return::discard(*slot);
  }
  /// Takes the connection out of the pool for good; its slot is free. Throws what moving a Connection throws; the
  /// lease then still holds it. The lease must not be empty.
  [[nodiscard]] Connection detach() {
    Connection mine = Return::detach(*slot_);
    slot_ = nullptr;
    return mine;
  }

  /// For the pool: what its user threw has been caught, and decides.
  void release_after(std::exception_ptr error) noexcept {
    if (auto* slot = std::exchange(slot_, nullptr)) Return::give_back_after(*slot, std::move(error));
  }
  /// For the pool.
  explicit Lease(typename Return::PoolSlot& slot) noexcept : slot_(&slot) {}

 private:
  typename Return::PoolSlot* slot_ = nullptr;
};

}  // namespace carpool::inline v0_1
