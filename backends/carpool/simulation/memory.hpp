/// The memory of a simulated machine that is weaker than x86: what a load may see as C++ has it, not as a processor
/// does.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// What others see late, or in another order than it was done in.
enum class SimulatedMemory : std::uint8_t {
  sequential,      ///< nothing
  delayed_stores,  ///< x86-TSO: stores that are not seq_cst
  views,  ///< release and acquire of C++20: also loads see old values, each as old as its task may not know better
};

/// The operations of a run that ask for more than relaxed, and one of them that does not get it: a mutant of a memory
/// order that needs no compiler. Told by file, line, operation and order.
class SimulationOrders {
 public:
  /// Every site that was seen, in no order.
  [[nodiscard]] const std::vector<std::string>& sites() const noexcept { return sites_; }
  void weaken(std::string site) { weakened_ = std::move(site); }

  /// Whether the operation there does without that order, or is a barrier that is none.
  [[nodiscard]] bool weakens(const std::string& site) {
    if (std::find(sites_.begin(), sites_.end(), site) == sites_.end()) sites_.push_back(site);
    return site == weakened_;
  }

 private:
  std::vector<std::string> sites_;
  std::string weakened_;
};

namespace detail {

[[nodiscard]] constexpr bool acquires(std::memory_order order) noexcept {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
[[nodiscard]] constexpr bool releases(std::memory_order order) noexcept {
  return order == std::memory_order_release || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}
/// Of a compare-and-swap that fails, where only one order is given.
[[nodiscard]] constexpr std::memory_order failing(std::memory_order order) noexcept {
  if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
  return order == std::memory_order_release ? std::memory_order_relaxed : order;
}

/// A point in the life of a task: whoever knows of it knows of all that the task did before.
struct SimulatedMoment {
  std::size_t clock = 0;  // the task's number among the words of views
  std::uint32_t time = 0;
};

/// For each word, by number, the oldest message that may still be read by whoever has this view: it knows of it.
class SimulatedView {
 public:
  [[nodiscard]] std::uint32_t of(std::size_t word) const noexcept { return word < known_.size() ? known_[word] : 0; }
  [[nodiscard]] bool knows(const SimulatedMoment& moment) const noexcept { return of(moment.clock) >= moment.time; }
  void learn(std::size_t word, std::uint32_t time) {
    if (word >= known_.size()) known_.resize(word + 1);
    known_[word] = std::max(known_[word], time);
  }
  void join(const SimulatedView& other) {
    if (known_.size() < other.known_.size()) known_.resize(other.known_.size());
    for (std::size_t i = 0; i < other.known_.size(); ++i) known_[i] = std::max(known_[i], other.known_[i]);
  }

 private:
  std::vector<std::uint32_t> known_;
};

/// What was stored into a word, and what is known to whoever acquires it.
struct SimulatedMessage {
  std::uint64_t bits = 0;
  SimulatedView released;
};

/// A word's messages in modification order, which is the order in which the stores were carried out. The latest few:
/// older ones are read by nobody any more.
class SimulatedHistory {
 public:
  [[nodiscard]] bool begun() const noexcept { return !messages_.empty(); }
  void begin(std::size_t number, std::uint64_t bits) {
    number_ = number;
    messages_.push_back({bits, {}});
  }
  [[nodiscard]] std::size_t number() const noexcept { return number_; }
  [[nodiscard]] std::uint32_t latest() const noexcept {
    return first_ + static_cast<std::uint32_t>(messages_.size() - 1);
  }
  /// The oldest that may be read with this view; by a seq_cst operation, none older than the last such one saw.
  [[nodiscard]] std::uint32_t oldest(const SimulatedView& view, std::memory_order order) const noexcept {
    const std::uint32_t known = std::max(first_, view.of(number_));
    return order == std::memory_order_seq_cst ? std::max(known, last_seq_cst_) : known;
  }
  [[nodiscard]] const SimulatedMessage& at(std::uint32_t time) const noexcept { return messages_[time - first_]; }

  /// Somebody reads the message of that time.
  std::uint64_t read(std::uint32_t time, SimulatedView& view, std::memory_order order) {
    view.learn(number_, time);
    if (acquires(order)) view.join(at(time).released);
    if (order == std::memory_order_seq_cst) last_seq_cst_ = std::max(last_seq_cst_, time);
    return at(time).bits;
  }
  /// Somebody does whatever it be with the word.
  void touch(const SimulatedMoment& moment) {
    const auto same = [&](const SimulatedMoment& each) { return each.clock == moment.clock; };
    const auto before = std::find_if(touched_.begin(), touched_.end(), same);
    if (before == touched_.end()) return touched_.push_back(moment);
    *before = moment;
  }
  /// Whoever has that view knows of all that was done with the word.
  [[nodiscard]] bool done_with(const SimulatedView& view) const noexcept {
    return std::all_of(touched_.begin(), touched_.end(), [&](const auto& each) { return view.knows(each); });
  }
  void store(std::uint64_t bits, SimulatedView& view, std::memory_order order) { append(bits, {}, view, order); }
  /// A read-modify-write has read the latest one: whoever acquires this one acquires that one, too (release sequence).
  void modify(std::uint64_t bits, SimulatedView& view, std::memory_order order) {
    append(bits, messages_.back().released, view, order);
  }

 private:
  static constexpr std::size_t room = 8;

  void append(std::uint64_t bits, SimulatedView released, SimulatedView& view, std::memory_order order) {
    view.learn(number_, latest() + 1);
    if (releases(order)) released.join(view);
    messages_.push_back({bits, std::move(released)});
    if (order == std::memory_order_seq_cst) last_seq_cst_ = latest();
    if (messages_.size() <= room) return;
    messages_.erase(messages_.begin());
    ++first_;
  }

  std::size_t number_ = 0;
  std::uint32_t first_ = 0;  // the time of messages_.front()
  std::uint32_t last_seq_cst_ = 0;
  std::vector<SimulatedMessage> messages_;
  std::vector<SimulatedMoment> touched_;  // the last of each task
};

/// Light and heavy barriers: of two that pair, the later one sees what the earlier one's task knew. Two light ones do
/// not pair. What membarrier(2) does for a thread outside of its light barriers is left out: a compiler may move what
/// stands there across any instruction that was interrupted.
class SimulatedBarriers {
 public:
  void light(SimulatedView& view) {
    view.join(heavy_);
    light_.join(view);
  }
  void heavy(SimulatedView& view) {
    view.join(light_);
    view.join(heavy_);
    heavy_.join(view);
  }

 private:
  SimulatedView light_;
  SimulatedView heavy_;
};

}  // namespace detail

}  // namespace carpool::inline v0_1
