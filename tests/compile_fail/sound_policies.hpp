/// Sound policies, of which each case spoils one thing, and the four roles that accept or refuse them.
#pragma once

#include <carpool/concepts.hpp>

using carpool::Slot;
using carpool::TimePoint;
using carpool::WorkerId;

struct SoundMutex {
  void lock();
  void unlock();
};

struct SoundParkingSlot {
  struct Wakeup {};
  bool park_until(TimePoint deadline);
  Wakeup unpark() noexcept;
};

struct SoundTask {
  void join();
};

struct SoundBackend {
  static constexpr bool concurrent = true;
  using Mutex = SoundMutex;
  using ParkingSlot = SoundParkingSlot;
  template <class T>
  using Atomic = T;
  static void light_barrier() noexcept;
  static void heavy_barrier() noexcept;
  static TimePoint now() noexcept;
  static TimePoint coarse_now() noexcept;
  static void sleep_until(TimePoint);
  static SoundTask spawn(void (*)());
  static SoundTask spawn_background(void (*)());
  static WorkerId worker() noexcept;
  static std::uint64_t random() noexcept;
  static std::uint64_t fork_generation() noexcept;
};

struct SoundIoBackend : SoundBackend {
  using Socket = int;
  static unsigned wait(int fd, unsigned events, TimePoint deadline);
  static void forget(int fd) noexcept;
  static int run_blocking(int (*)());
};

struct SoundQueue {
  void push(Slot&) noexcept;
  void remove(Slot&) noexcept;
  Slot* pop() noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
};

struct SoundConnection {};

struct SoundConnector {
  using Connection = SoundConnection;
  using Target = int;
  Connection connect(const Target&, TimePoint) const;
  bool is_connected(const Connection&) const noexcept;
  bool matches(const Connection&, const Target&) const;
};

/// Answers for itself, so that its connector needs no more than connect.
struct SoundOwnConnection {
  [[nodiscard]] bool is_connected() const noexcept;
};
template <class C>
struct ConnectorOf {
  using Connection = C;
  Connection connect(TimePoint) const;
};

struct SoundEviction {
  bool expired(const Slot&, TimePoint now) const;
};

struct SoundObserver {
  void acquired(std::uint64_t id, carpool::Duration wait) noexcept;
};

template <carpool::BackendPolicy>
struct AcceptBackend {};
template <carpool::IoBackendPolicy>
struct AcceptIoBackend {};
template <carpool::QueuePolicy>
struct AcceptQueue {};
template <carpool::ConnectorFor<SoundBackend>>
struct AcceptConnector {};
template <carpool::EvictionPolicy>
struct AcceptEviction {};
template <carpool::ObserverPolicy>
struct AcceptObserver {};

// Nothing is refused but what a case spoils.
template struct AcceptBackend<SoundBackend>;
template struct AcceptIoBackend<SoundIoBackend>;
template struct AcceptQueue<SoundQueue>;
template struct AcceptConnector<SoundConnector>;
template struct AcceptConnector<ConnectorOf<SoundOwnConnection>>;
template struct AcceptEviction<SoundEviction>;
template struct AcceptObserver<SoundObserver>;
