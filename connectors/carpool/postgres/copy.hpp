/// COPY, in both directions, a piece at a time.
#pragma once

#include <carpool/postgres/detail/wire.hpp>
#include <carpool/time.hpp>

#include <libpq-fe.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {
namespace detail {

/// Keeps a COPY to its connection's rules. Default deadline: io_timeout from the start of each step.
template <class Backend>
class PostgresCopy {
 public:
  PostgresCopy(PostgresWire<Backend>& wire, Duration io_timeout) noexcept : wire_(&wire), io_timeout_(io_timeout) {}
  PostgresCopy(PostgresCopy&& other) noexcept
      : wire_(std::exchange(other.wire_, nullptr)), io_timeout_(other.io_timeout_) {}
  PostgresCopy& operator=(PostgresCopy&&) = delete;

 protected:
  PostgresWire<Backend>& step(const char* operation, std::optional<TimePoint> deadline) {
    if (wire_ == nullptr) throw std::logic_error(std::string(operation) + ": the COPY is over");
    wire_->proceed(operation, deadline ? *deadline : after(Backend::now(), io_timeout_));
    return *wire_;
  }
  std::uint64_t finish() {
    PostgresWire<Backend>& wire = *std::exchange(wire_, nullptr);
    const PostgresResultPointer result = wire.finish(wire.next());
    const std::string_view text = result ? ::PQcmdTuples(result.get()) : "";
    std::uint64_t rows = 0;
    std::from_chars(text.data(), text.data() + text.size(), rows);
    return rows;
  }

  [[nodiscard]] bool over() const noexcept { return wire_ == nullptr; }

 private:
  PostgresWire<Backend>* wire_;  // null: the COPY is over, or was moved away
  Duration io_timeout_;
};

}  // namespace detail

/// Rows on their way to the server. One that is not finished leaves a connection that the pool closes, and no rows.
/// Lifetime: its connection must neither be moved nor given back before.
template <class Backend>
class PostgresCopyIn : private detail::PostgresCopy<Backend> {
  using Base = detail::PostgresCopy<Backend>;

 public:
  using Base::Base;

  /// Any part of the data: where one row ends and the next begins is in the bytes. Where the server has refused
  /// already, throws its PostgresError, and the COPY is over.
  void write(std::string_view data, std::optional<TimePoint> deadline = {}) {
    auto& wire = this->step("COPY to the server", deadline);
    while (!data.empty()) {
      const std::string_view piece = data.substr(0, piece_size);
      const int put = ::PQputCopyData(wire.get(), piece.data(), static_cast<int>(piece.size()));
      if (put < 0) refused(wire);
      if (put == 0) throw std::bad_alloc();  // nothing of it was taken: libpq's buffer could not grow
      wire.flush();
      data.remove_prefix(piece.size());
    }
    wire.settle();
  }

  /// All has been written; returns how many rows the server took.
  std::uint64_t finish(std::optional<TimePoint> deadline = {}) {
    auto& wire = this->step("end of COPY to the server", deadline);
    if (::PQputCopyEnd(wire.get(), nullptr) > 0) wire.flush();
    return Base::finish();
  }

  /// The server forgets what it got; why is for its log.
  void abort(const std::string& why, std::optional<TimePoint> deadline = {}) {
    auto& wire = this->step("abortion of COPY to the server", deadline);
    if (::PQputCopyEnd(wire.get(), why.c_str()) > 0) wire.flush();
    try {
      Base::finish();
    } catch (const PostgresError& error) {
      if (error.code() != "57014") throw;  // which is what was asked for
    }
  }

 private:
  static constexpr std::size_t piece_size = 65536;  // libpq keeps as much as is put into it at once

  [[noreturn]] void refused(detail::PostgresWire<Backend>& wire) {
    Base::finish();
    wire.fail_lost();
  }
};

/// Rows on their way from the server. One that is not read to its end leaves a connection that the pool closes.
/// Lifetime: its connection must neither be moved nor given back before.
template <class Backend>
class PostgresCopyOut : private detail::PostgresCopy<Backend> {
  using Base = detail::PostgresCopy<Backend>;

 public:
  using Base::Base;

  /// The next row, in the text format with its line feed; nothing after the last.
  [[nodiscard]] std::optional<std::string> read(std::optional<TimePoint> deadline = {}) {
    if (this->over()) return std::nullopt;
    auto& wire = this->step("COPY from the server", deadline);
    for (;;) {
      char* row = nullptr;
      const int size = ::PQgetCopyData(wire.get(), &row, 1);
      const std::unique_ptr<char, decltype(&::PQfreemem)> owner(row, &::PQfreemem);
      if (size > 0) {
        wire.settle();
        return std::string(row, static_cast<std::size_t>(size));
      }
      if (size == 0 && wire.read_more()) continue;
      Base::finish();  // the end, or the server's error, or a lost connection
      return std::nullopt;
    }
  }
};

}  // namespace carpool::inline v0_1
