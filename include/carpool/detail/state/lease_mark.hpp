/// Where and since when a connection is leased, for those who complain.
#pragma once

#include <carpool/source_location.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <cstdint>

namespace carpool::inline v0_1::detail {

template <class Backend, class T>
struct RelaxedOf {
  using type = typename Backend::template Atomic<T>;
};
template <class Backend, class T>
  requires requires { typename Backend::template Relaxed<T>; }
struct RelaxedOf<Backend, T> {
  using type = typename Backend::template Relaxed<T>;
};

/// A value on which nothing depends but what is told of it: any worker may read it while its one writer writes.
template <class Backend, class T>
class Relaxed {
 public:
  Relaxed() noexcept = default;
  explicit Relaxed(T value) noexcept : value_(value) {}
  /// Of one that nobody else knows yet.
  Relaxed(const Relaxed& other) noexcept : value_(other.get()) {}
  Relaxed& operator=(const Relaxed&) = delete;
  void set(T value) noexcept { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] T get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  typename RelaxedOf<Backend, T>::type value_{T{}};
};

/// Written by the worker that begins a lease; read under the lock by others, perhaps a moment early or late.
template <class Backend>
class LeaseMark {
 public:
  void begin(const SourceLocation& site, TimePoint now) noexcept {
    set_site(site);
    since_.set(now);
  }

  /// By a coarse clock.
  [[nodiscard]] TimePoint since() const noexcept { return since_.get(); }
#ifdef __cpp_lib_source_location
  [[nodiscard]] SourceLocation site() const noexcept { return site_.get(); }

 private:
  void set_site(const SourceLocation& site) noexcept { site_.set(site); }

  Relaxed<Backend, SourceLocation> site_;
#else
  /// Too long to be written at once: who reads it in that moment may see one lease's file and the next one's line.
  [[nodiscard]] SourceLocation site() const noexcept {
    return SourceLocation::current(file_.get(), line_.get(), function_.get());
  }

 private:
  void set_site(const SourceLocation& site) noexcept {
    file_.set(site.file_name());
    line_.set(site.line());
    function_.set(site.function_name());
  }

  Relaxed<Backend, const char*> file_;
  Relaxed<Backend, const char*> function_;
  Relaxed<Backend, std::uint_least32_t> line_;
#endif
  Relaxed<Backend, TimePoint> since_;
};

}  // namespace carpool::inline v0_1::detail
