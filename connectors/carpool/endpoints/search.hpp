/// How one server of several is found for a new connection: in which order they are tried, and what is said if none
/// answers.
#pragma once

#include <carpool/common/io_error.hpp>
#include <carpool/concepts.hpp>
#include <carpool/endpoints/health.hpp>
#include <carpool/errors.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Which server of several a new connection goes to, among those that are well.
enum class EndpointOrder {
  failover,            ///< the first of the list
  round_robin,         ///< each in its turn
  fewest_connections,  ///< the one with the fewest connections of this pool
};

/// How several servers are used.
struct EndpointOptions {
  EndpointOrder order = EndpointOrder::failover;       ///< for new connections; those that exist stay where they are
  Duration probe_after = std::chrono::seconds(1);      ///< for how long a server that failed is left alone at first
  Duration probe_after_max = std::chrono::minutes(1);  ///< doubling with every failure in a row, up to this
};

namespace detail {

/// What all copies of one connector share.
struct EndpointBook {
  EndpointBook(std::size_t count, const EndpointOptions& options) {
    for (std::size_t i = 0; i < count; ++i)
      health.push_back(std::make_shared<EndpointHealth>(options.probe_after, options.probe_after_max));
  }

  std::vector<std::shared_ptr<EndpointHealth>> health;  // the vector is constant from the constructor on
  std::atomic<std::size_t> turn{0};                     // any worker; of round_robin
};

/// The servers by preference, those that are set aside included.
[[nodiscard]] inline std::vector<std::size_t> by_preference(EndpointBook& book, EndpointOrder order) {
  std::vector<std::size_t> all(book.health.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (order == EndpointOrder::round_robin) {
    const std::size_t first = book.turn.fetch_add(1, std::memory_order_relaxed) % all.size();
    std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
  } else if (order == EndpointOrder::fewest_connections) {
    std::vector<std::size_t> open;  // read once: the counts move while we sort
    for (const auto& health : book.health) open.push_back(health->connections());
    std::stable_sort(all.begin(), all.end(), [&](std::size_t a, std::size_t b) { return open[a] < open[b]; });
  }
  return all;
}

/// One connect: tries the servers that are well, then, where none answers, those that were set aside.
template <class Backend>
class EndpointSearch {
 public:
  EndpointSearch(EndpointBook& book, const EndpointOptions& options, TimePoint deadline)
      : book_(book), options_(options), deadline_(deadline), left_(book.health.size()) {}

  /// dial(index, deadline) connects or throws.
  template <class Dial>
  [[nodiscard]] auto first_to_answer(const Dial& dial) {
    std::vector<std::size_t> set_aside;
    for (const std::size_t index : by_preference(book_, options_.order)) {
      if (!book_.health[index]->may_be_tried(Backend::now())) {
        set_aside.push_back(index);
      } else if (auto connection = attempt(dial, index)) {
        return std::move(*connection);
      }
    }
    for (const std::size_t index : set_aside) {
      if (auto connection = attempt(dial, index)) return std::move(*connection);
    }
    fail();
  }

 private:
  /// Nothing where the server failed. What is no std::exception, an interruption, passes through.
  template <class Dial>
  auto attempt(const Dial& dial, std::size_t index) {
    std::optional<decltype(dial(index, deadline_))> connection;
    EndpointHealth& health = *book_.health[index];
    try {
      connection.emplace(dial(index, its_deadline()));
      health.recovered();
    } catch (const std::exception& error) {
      note(error);
      health.failed(Backend::now());
    }
    --left_;
    return connection;
  }

  /// An equal share of the time left, so that a server that hangs leaves time for the others.
  [[nodiscard]] TimePoint its_deadline() const {
    const TimePoint now = Backend::now();
    if (deadline_ == never || deadline_ <= now) return deadline_;
    return now + (deadline_ - now) / static_cast<Duration::rep>(left_);
  }

  void note(const std::exception& error) {
    if (!last_)
      causes_ = error.what();
    else
      causes_ += std::string("; ") + error.what();
    last_ = std::current_exception();
    if (const auto* system = dynamic_cast<const std::system_error*>(&error)) code_ = system->code();
    refused_ = refused_ || dynamic_cast<const AuthenticationError*>(&error) != nullptr;
    final_ = final_ && dynamic_cast<const ConnectRefused*>(&error) != nullptr;
  }

  [[noreturn]] void fail() const {
    if (book_.health.size() == 1) std::rethrow_exception(last_);
    const std::string what = "none of " + std::to_string(book_.health.size()) + " endpoints (" + causes_ + ")";
    if (refused_) throw AuthenticationError(what);
    if (final_) throw ConnectRefused(what);
    throw IoError(code_, what);
  }

  EndpointBook& book_;
  const EndpointOptions& options_;
  const TimePoint deadline_;
  std::size_t left_;
  std::string causes_;
  std::exception_ptr last_;
  std::error_code code_ = std::make_error_code(std::errc::host_unreachable);
  bool refused_ = false;
  bool final_ = true;  // each of those tried would say the same again
};

}  // namespace detail
}  // namespace carpool::inline v0_1
