/// std::atomic for pointers, enumerations and the like, with members that the compiler inlines wherever it stands.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace carpool::inline v0_1::detail {

/// No integer, but as wide as one, and equal exactly where its bits are.
template <class T>
concept KeptAsWord = requires {
  requires !std::is_integral_v<T> || std::is_same_v<T, bool>;
  requires std::is_trivially_copyable_v<T>;
  requires std::has_unique_object_representations_v<T>;
  requires std::has_single_bit(sizeof(T));
  requires sizeof(T) <= sizeof(std::uint64_t);
};

/// libstdc++ has the members of std::atomic inlined always where T is an integer, and else as the compiler likes: in a
/// program with many pools it does not, and four calls in each lease took 20 ns. So this keeps a T as the bits of one.
template <KeptAsWord T>
class WordAtomic {
  template <class Word>
  static constexpr bool fits = sizeof(T) == sizeof(Word);
  using SmallWord = std::conditional_t<fits<std::uint8_t>, std::uint8_t, std::uint16_t>;
  using LargeWord = std::conditional_t<fits<std::uint32_t>, std::uint32_t, std::uint64_t>;
  using Word = std::conditional_t<fits<SmallWord>, SmallWord, LargeWord>;

 public:
  WordAtomic() noexcept : WordAtomic(T{}) {}
  WordAtomic(T value) noexcept : word_(std::bit_cast<Word>(value)) {}
  WordAtomic(const WordAtomic&) = delete;
  WordAtomic& operator=(const WordAtomic&) = delete;

  [[nodiscard, gnu::always_inline]] T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
    return std::bit_cast<T>(word_.load(order));
  }
  [[gnu::always_inline]] void store(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    word_.store(std::bit_cast<Word>(value), order);
  }
  [[gnu::always_inline]] T exchange(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return std::bit_cast<T>(word_.exchange(std::bit_cast<Word>(value), order));
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order = std::memory_order_seq_cst) noexcept {
    auto seen = std::bit_cast<Word>(expected);
    const bool changed = word_.compare_exchange_strong(seen, std::bit_cast<Word>(desired), order);
    expected = std::bit_cast<T>(seen);
    return changed;
  }

 private:
  std::atomic<Word> word_;
};

template <class T>
struct AtomicOf {
  using type = std::atomic<T>;
};
template <KeptAsWord T>
struct AtomicOf<T> {
  using type = WordAtomic<T>;
};

/// The Atomic of backends that run on threads.
template <class T>
using ThreadAtomic = typename AtomicOf<T>::type;

}  // namespace carpool::inline v0_1::detail
