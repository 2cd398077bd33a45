/// What a pool keeps per target: its idle connections, its waiters, and its trouble. No endpoint's trouble hurts
/// another's.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/detail/breaker.hpp>
#include <carpool/detail/waiting_line.hpp>

#include <algorithm>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace carpool::detail {

/// So many idle connections are wished for while it stands in its endpoint's list: on the stack of a prewarm.
struct Wish {
  std::size_t count = 0;
  Wish* next = nullptr;
};

/// All under the pool's lock.
template <class Types>
struct Endpoint {
  typename Types::Queue idle;
  WaitingLine<Types> line;
  Breaker breaker;
  FailurePointer failure;  // the last one, for error texts
  const typename Types::Target* target = nullptr;
  std::size_t places = 0;       // of any state but empty
  std::size_t connecting = 0;   // of these, reserved for a connect
  std::size_t wanted_idle = 0;  // to be kept or brought up beside what the waiters need
  Wish* wishes = nullptr;       // the greatest counts, if min_idle is not more
  bool asked = false;           // a try_acquire found nothing: one more, once

  [[nodiscard]] bool abandoned() const noexcept { return places == 0 && demand() == 0; }
  [[nodiscard]] bool unused() const noexcept { return abandoned() && breaker.closed(); }
  /// An abandoned one is kept for so long, because of what its breaker knows.
  [[nodiscard]] TimePoint forget_at(const PoolOptions& options) const noexcept {
    return after(breaker.retry_at(), options.connect_backoff.max);
  }
  /// How many more connects somebody would use: those who wait, and the idle ones wanted, less what is there or coming.
  [[nodiscard]] std::size_t missing() const noexcept {
    const std::size_t supply = idle.size() + connecting;
    return demand() > supply ? demand() - supply : 0;
  }
  // Wishes come and go in any order.
  void add_wish(Wish& wish) noexcept { wish.next = std::exchange(wishes, &wish); }
  void remove_wish(Wish& wish) noexcept {
    Wish** link = &wishes;
    while (*link != &wish) link = &(*link)->next;
    *link = wish.next;
  }
  [[nodiscard]] std::size_t greatest_wish() const noexcept {
    std::size_t greatest = 0;
    for (const Wish* wish = wishes; wish != nullptr; wish = wish->next) greatest = std::max(greatest, wish->count);
    return greatest;
  }
  [[nodiscard]] std::size_t demand() const noexcept { return line.size() + wanted_idle + (asked ? 1 : 0); }
};

/// A pool without targets has one endpoint, and no search.
template <class Types>
class SoleEndpoint {
 public:
  using Target = typename Types::Target;
  SoleEndpoint() noexcept { sole_.target = &nothing_; }
  [[nodiscard]] Endpoint<Types>* find(const Target&) noexcept { return &sole_; }
  [[nodiscard]] Endpoint<Types>& at(const Target&) noexcept { return sole_; }
  void drop_if_unused(Endpoint<Types>&) noexcept {}
  template <class Predicate>
  void drop_if(Predicate&&) noexcept {}
  template <class F>
  void for_each(F&& visit) {
    visit(sole_);
  }

 private:
  Target nothing_{};
  Endpoint<Types> sole_;
};

template <class T>
concept Hashable = requires(const T& value) {
  { std::hash<T>{}(value) } -> std::convertible_to<std::size_t>;
};

/// One endpoint for each target in use, found by hash; nodes never move.
template <class Types>
class HashedEndpoints {
 public:
  using Target = typename Types::Target;
  [[nodiscard]] Endpoint<Types>* find(const Target& target) {
    const auto found = by_target_.find(target);
    return found == by_target_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] Endpoint<Types>& at(const Target& target) {
    const auto [where, fresh] = by_target_.try_emplace(target);
    if (fresh) where->second.target = &where->first;  // once, because helpers read it without the lock
    return where->second;
  }
  void drop_if_unused(Endpoint<Types>& endpoint) noexcept {
    if (endpoint.unused()) by_target_.erase(by_target_.find(*endpoint.target));
  }
  template <class Predicate>
  void drop_if(Predicate&& predicate) {
    std::erase_if(by_target_, [&](const auto& entry) { return predicate(entry.second); });
  }
  template <class F>
  void for_each(F&& visit) {
    for (auto& [target, endpoint] : by_target_) visit(endpoint);
  }

 private:
  std::unordered_map<Target, Endpoint<Types>> by_target_;
};

/// The same for targets that can only be compared.
template <class Types>
class ListedEndpoints {
 public:
  using Target = typename Types::Target;
  [[nodiscard]] Endpoint<Types>* find(const Target& target) {
    for (auto& [own, endpoint] : list_) {
      if (own == target) return &endpoint;
    }
    return nullptr;
  }
  [[nodiscard]] Endpoint<Types>& at(const Target& target) {
    if (Endpoint<Types>* known = find(target)) return *known;
    auto& [own, endpoint] = list_.emplace_back(std::piecewise_construct, std::forward_as_tuple(target), std::tuple<>());
    endpoint.target = &own;
    return endpoint;
  }
  void drop_if_unused(Endpoint<Types>& unused) noexcept {
    if (unused.unused()) list_.remove_if([&](const auto& entry) { return &entry.second == &unused; });
  }
  template <class Predicate>
  void drop_if(Predicate&& predicate) {
    list_.remove_if([&](const auto& entry) { return predicate(entry.second); });
  }
  template <class F>
  void for_each(F&& visit) {
    for (auto& [target, endpoint] : list_) visit(endpoint);
  }

 private:
  std::list<std::pair<const Target, Endpoint<Types>>> list_;
};

template <class Types>
struct EndpointsOf {
  using type = HashedEndpoints<Types>;
};
template <class Types>
requires(!has_target<typename Types::Connector>) struct EndpointsOf<Types> {
  using type = SoleEndpoint<Types>;
};
template <class Types>
requires(has_target<typename Types::Connector> && !Hashable<typename Types::Target>) struct EndpointsOf<Types> {
  using type = ListedEndpoints<Types>;
};

template <class Types>
using Endpoints = typename EndpointsOf<Types>::type;

}  // namespace carpool::detail
