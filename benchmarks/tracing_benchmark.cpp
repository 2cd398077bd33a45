// needs: operate
/// What does it cost to trace: a lease of a pool with a TraceObserver, beside one without and one that counts?
///
/// Rows: tracing/<queue>/<observer>/threads:N, for `none`, `metrics`, a tracer that samples 0 %, 1 % and all of the
/// leases whose callers have no span, one whose caller was sampled out, and `log`. A connection is ready, and nothing
/// happens between acquire() and its release; what is recorded is counted and thrown away. The column Time is wall time
/// per cycle over all threads together.
#include "observed_lease.hpp"

#include <carpool/affine_bag.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/log_observer.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/observers.hpp>
#include <carpool/trace/recording_tracer.hpp>
#include <carpool/trace_observer.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace carpool;

class Discarded final : public SpanSink {
 public:
  void record(SpanRecord&&) noexcept override { count_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> count_{0};
};

using Tracing = TraceObserver<RecordingTracer<>>;
Tracing sampling(double ratio) {
  return Tracing(RecordingTracer<>(std::make_shared<Discarded>(), TraceSampler(ratio)));
}

template <class Queue>
void add(const std::string& queue) {
  for (const int threads : {1, 2}) {
    const auto row = [&](const std::string& name, auto make, const TraceContext& caller = {}) {
      const auto function = [make, caller](benchmark::State& state) {
        const TraceScope scope(caller);
        bench::observed_lease<Queue>(state, make);
      };
      benchmark::RegisterBenchmark(("tracing/" + queue + '/' + name).c_str(), function)->Threads(threads);
    };
    row("none", [] { return NoObserver(); });
    row("metrics", [] { return MetricsObserver(); });
    row("log", [] { return LogObserver({}, [](std::string_view) {}); });
    row("sampled_0", [] { return sampling(0); });
    row("sampled_1", [] { return sampling(0.01); });
    row("sampled_100", [] { return sampling(1); });
    row("caller_sampled_out", [] { return sampling(1); }, {1, 2, 3, 0});
    row("metrics_and_sampled_1", [] { return Observers<MetricsObserver, Tracing>(MetricsObserver(), sampling(0.01)); });
  }
}

const bench::SecondThread second_thread;

[[maybe_unused]] const bool registered = [] {
  add<AffineBag>("affine");
  add<LifoStack>("lifo");
  return true;
}();

}  // namespace
