// The protocol of AsymmetricMutex, step by step as numbered in its header, in every interleaving of three threads whose
// stores wait in store buffers. Checked: never two owners, and never all asleep. Stress alone finds a missing barrier
// only on a machine with idle processors, and not each time.
#include <array>
#include <compare>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

constexpr std::size_t threads = 3;

enum class Step { lock, p1, p2, p3, p4, asleep, owner, u1, u3, u4, u5, done };
enum Word : std::size_t { locked, sleepers, words };

// NOLINTBEGIN(modernize-use-nullptr): it takes the 0 in a defaulted <=> for a pointer

struct Store {
  Word word;
  int value;
  auto operator<=>(const Store&) const = default;
};

struct Thread {
  Step at = Step::lock;
  int rounds_left = 2;
  std::vector<Store> buffer;  // first in, first out; what a thread stores, it sees itself at once
  auto operator<=>(const Thread&) const = default;
};

struct State {
  std::array<int, words> memory{};
  std::array<Thread, threads> all{};
  auto operator<=>(const State&) const = default;
};
// NOLINTEND(modernize-use-nullptr)

/// How the protocol is to be played: as it is, or with a fault that the model must find.
struct Rules {
  bool heavy_barrier = true;       ///< P2 drains the buffers of all threads
  bool announces_again = true;     ///< who has been woken begins again with P1
  bool clears_before_wake = true;  ///< U4 comes before U5
};

struct Verdict {
  std::size_t states = 0;
  bool two_owners = false;
  bool all_asleep = false;
};

class Model {
 public:
  explicit Model(Rules rules) : rules_(rules) {}

  Verdict explore() {
    std::vector<State> frontier{State{}};
    std::set<State> seen{State{}};
    while (!frontier.empty()) {
      const State state = std::move(frontier.back());
      frontier.pop_back();
      judge(state);
      for (State& next : successors(state)) {
        if (seen.insert(next).second) frontier.push_back(std::move(next));
      }
    }
    verdict_.states = seen.size();
    return verdict_;
  }

 private:
  static void drain_one(State& state, Thread& thread) {
    state.memory[thread.buffer.front().word] = thread.buffer.front().value;
    thread.buffer.erase(thread.buffer.begin());
  }
  static void drain(State& state, Thread& thread) {
    while (!thread.buffer.empty()) drain_one(state, thread);
  }
  static int load(const State& state, const Thread& thread, Word word) {
    int value = state.memory[word];
    for (const Store& store : thread.buffer) {
      if (store.word == word) value = store.value;
    }
    return value;
  }

  void judge(const State& state) {
    int owners = 0;
    bool stuck = true;
    for (const Thread& thread : state.all) {
      owners += thread.at == Step::owner || thread.at == Step::u1;
      stuck &= (thread.at == Step::asleep || thread.at == Step::done) && thread.buffer.empty();
    }
    bool somebody_sleeps = false;
    for (const Thread& thread : state.all) somebody_sleeps |= thread.at == Step::asleep;
    verdict_.two_owners |= owners > 1;
    verdict_.all_asleep |= stuck && somebody_sleeps;
  }

  std::vector<State> successors(const State& state) const {
    std::vector<State> result;
    for (std::size_t i = 0; i < threads; ++i) {
      const Thread& thread = state.all[i];
      if (!thread.buffer.empty()) {
        State& next = result.emplace_back(state);
        drain_one(next, next.all[i]);
      }
      if (thread.at == Step::u5) {
        wake(state, i, result);
      } else if (thread.at != Step::asleep && thread.at != Step::done) {
        State& next = result.emplace_back(state);
        play(next, next.all[i]);
      }
    }
    return result;
  }

  /// A futex wake wakes one of those who sleep: any one.
  void wake(const State& state, std::size_t waker, std::vector<State>& result) const {
    State woken = state;
    drain(woken, woken.all[waker]);
    unlocked(woken.all[waker]);
    const std::size_t before = result.size();
    for (std::size_t i = 0; i < threads; ++i) {
      if (woken.all[i].at != Step::asleep) continue;
      result.push_back(woken);
      result.back().all[i].at = rules_.announces_again ? Step::p1 : Step::p3;
    }
    if (result.size() == before) result.push_back(woken);
  }

  static void unlocked(Thread& thread) { thread.at = --thread.rounds_left > 0 ? Step::lock : Step::done; }

  void take_or(State& state, Thread& thread, Step otherwise) const {
    drain(state, thread);
    const bool taken = state.memory[locked] == 0;
    if (taken) state.memory[locked] = 1;
    thread.at = taken ? Step::owner : otherwise;
  }

  void play(State& state, Thread& thread) const {
    switch (thread.at) {
      case Step::lock: return take_or(state, thread, Step::p1);
      case Step::p1: thread.buffer.push_back({sleepers, 1}); return void(thread.at = Step::p2);
      case Step::p2: return heavy_barrier(state, thread);
      case Step::p3: return take_or(state, thread, Step::p4);
      case Step::p4: return wait(state, thread);
      case Step::owner: return void(thread.at = Step::u1);
      case Step::u1: thread.buffer.push_back({locked, 0}); return void(thread.at = Step::u3);
      case Step::u3: return look_for_sleepers(state, thread);
      case Step::u4: thread.buffer.push_back({sleepers, 0}); return void(thread.at = Step::u5);
      case Step::u5:
      case Step::asleep:
      case Step::done: return;
    }
  }

  void heavy_barrier(State& state, Thread& thread) const {
    if (rules_.heavy_barrier) {
      for (Thread& each : state.all) drain(state, each);
    }
    thread.at = Step::p3;
  }

  void wait(State& state, Thread& thread) const {
    drain(state, thread);
    const Step again = rules_.announces_again ? Step::p1 : Step::p3;
    thread.at = state.memory[sleepers] == 1 ? Step::asleep : again;
  }

  void look_for_sleepers(State& state, Thread& thread) const {
    if (load(state, thread, sleepers) == 0) return unlocked(thread);
    thread.at = rules_.clears_before_wake ? Step::u4 : Step::u5;
  }

  Rules rules_;
  Verdict verdict_;
};

TEST(AsymmetricMutexModel, HasOneOwnerAndLeavesNobodyAsleep) {
  const Verdict verdict = Model(Rules{}).explore();
  EXPECT_FALSE(verdict.two_owners);
  EXPECT_FALSE(verdict.all_asleep);
  RecordProperty("states", static_cast<int>(verdict.states));
}

TEST(AsymmetricMutexModel, LosesAWakeUpWithoutTheHeavyBarrier) {
  EXPECT_TRUE(Model({.heavy_barrier = false}).explore().all_asleep);
}

TEST(AsymmetricMutexModel, LosesAWakeUpIfTheWokenDoNotAnnounceThemselvesAgain) {
  EXPECT_TRUE(Model({.announces_again = false}).explore().all_asleep);
}

TEST(AsymmetricMutexModel, LosesAWakeUpIfTheWakerDoesNotClearFirst) {
  EXPECT_TRUE(Model({.clears_before_wake = false}).explore().all_asleep) << "who is about to sleep must be turned back";
}

}  // namespace
