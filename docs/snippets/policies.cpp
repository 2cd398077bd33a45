// The least that policies of one's own can be; the contributors' pages show them.
#include <carpool/concepts.hpp>
#include <carpool/single_backend.hpp>

struct MyConnection {
  bool is_connected() const noexcept;  // no round trip
};

struct MyConnector {
  using Connection = MyConnection;                        // movable; its destructor closes
  Connection connect(carpool::TimePoint deadline) const;  // throws what went wrong
};
static_assert(carpool::ConnectorFor<MyConnector, carpool::SingleBackend>);

/// Closes a connection that has served more than `uses` leases and is older than `age`.
struct UsedAndOld {
  std::uint64_t uses;
  carpool::Duration age;

  bool expired(const carpool::Slot& slot, carpool::TimePoint now) const {
    return slot.uses > uses && now - slot.born > age;
  }
};
static_assert(carpool::EvictionPolicy<UsedAndOld>);

/// Hands out by turns the connection used last and the one used longest ago.
class BothEnds {
 public:
  BothEnds() = default;
  BothEnds(const BothEnds&) = delete;  // a copy would claim the links of slots that are in the original
  BothEnds& operator=(const BothEnds&) = delete;

  void push(carpool::Slot& slot) noexcept {
    slot.previous = nullptr;
    slot.next = first_;
    (first_ != nullptr ? first_->previous : last_) = &slot;
    first_ = &slot;
    ++size_;
  }
  carpool::Slot* pop() noexcept {
    carpool::Slot* const slot = (size_ % 2 == 0) ? first_ : last_;
    if (slot != nullptr) remove(*slot);
    return slot;
  }
  void remove(carpool::Slot& slot) noexcept {
    (slot.previous != nullptr ? slot.previous->next : first_) = slot.next;
    (slot.next != nullptr ? slot.next->previous : last_) = slot.previous;
    --size_;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  carpool::Slot* first_ = nullptr;  // pushed last
  carpool::Slot* last_ = nullptr;
  std::size_t size_ = 0;
};
static_assert(carpool::QueuePolicy<BothEnds>);

int main() {}
