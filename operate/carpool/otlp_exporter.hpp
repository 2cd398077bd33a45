/// Sends spans, and the metrics of all pools of a registry, to an OpenTelemetry collector: OTLP over HTTP, in JSON.
#pragma once

#include <carpool/otlp/counts.hpp>
#include <carpool/otlp/detail/inbox.hpp>
#include <carpool/otlp/detail/worker.hpp>
#include <carpool/otlp/options.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/posix/blocked_signals.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/time.hpp>
#include <carpool/trace/recording_tracer.hpp>
#include <carpool/trace/sampler.hpp>

#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>

namespace carpool::inline v0_1 {

///   carpool::OtlpExporter exporter({.service_name = "shop"});
///   using Observer = carpool::Observers<carpool::MetricsObserver, carpool::TraceObserver<carpool::RecordingTracer<>>>;
///   Pool pool(connector, options, {}, Observer(carpool::MetricsObserver(),
///                                              carpool::TraceObserver(exporter.tracer(carpool::TraceSampler(0.01)))));
///   const auto registration = carpool::PoolRegistry::of_process().add(pool);
/// One thread of its own, "carpool-otlp", which takes no signals, sends what is due through a ConnectionPool of one
/// HttpConnector. What a collector refuses for a while (429, 502, 503, 504, or no connection) is sent again, not before
/// its Retry-After, else after 1, 2, 4 ... 30 s; what was sent, but not answered, may be taken twice.
/// A pool's threads never wait for the network: a span is put into a queue under a mutex, and where that is full, it is
/// dropped and counted.
/// Threads:  every member may be called by any thread at any time.
/// Lifetime: tracers may outlive it: their spans are dropped then. End pools' registrations after stop() or flush(),
///           else their last counts are not sent.
/// fork:     a child's copy sends nothing, and its destructor leaves the parent's alone.
class OtlpExporter {
 public:
  /// Begins. Throws std::invalid_argument naming what is wrong in the options, std::system_error where no thread can be
  /// had. Counts of pools that were there before begin now, as far as their start is told.
  explicit OtlpExporter(OtlpOptions options = {}, PoolRegistry registry = PoolRegistry::of_process())
      : core_(std::make_unique<Core>(checked(std::move(options)), std::move(registry))) {}
  OtlpExporter(const OtlpExporter&) = delete;
  OtlpExporter& operator=(const OtlpExporter&) = delete;
  /// stop(OtlpOptions::stop_timeout), and up to 3 s more while a connect is not answered.
  ~OtlpExporter() {
    if (core_->inbox->forked()) {
      abandon();
    } else {
      stop(core_->options.stop_timeout);
    }
  }

  /// For a TraceObserver, and for spans of the program's own. Throws std::bad_alloc.
  template <class Current = TraceScope>
  [[nodiscard]] RecordingTracer<Current> tracer(TraceSampler sampler) const {
    return RecordingTracer<Current>(core_->inbox, sampler);
  }
  /// Sends all spans that have ended, and the pools' metrics as they are now. False: not within the time; it goes on.
  /// What the collector would not have is done with too: counts() has it.
  bool flush(Duration timeout) {
    return !core_->inbox->forked() && core_->inbox->flush(after(ThreadBackend::now(), timeout));
  }
  /// The same, and ends. False: what was not sent within the time is dropped, counted and reported. What ends after it
  /// is dropped. A second call waits for the first, and says the same.
  bool stop(Duration timeout) {
    if (core_->inbox->forked()) return false;
    const std::scoped_lock lock(core_->mutex);
    if (!core_->thread.joinable()) return core_->all_sent;
    core_->all_sent = core_->inbox->stop(after(ThreadBackend::now(), timeout));
    if (!core_->all_sent) core_->worker.cut();
    core_->thread.join();
    return core_->all_sent;
  }
  /// What became of it so far.
  [[nodiscard]] OtlpCounts counts() const { return core_->inbox->forked() ? OtlpCounts() : core_->inbox->counts(); }

 private:
  struct Core {
    Core(OtlpOptions with, PoolRegistry registry)
        : options(std::move(with)),
          inbox(std::make_shared<detail::OtlpInbox>(options.max_queue, options.max_batch)),
          worker(options, std::move(registry), inbox) {
      const detail::BlockedSignals blocked;
      thread = std::thread([this] {
        pthread_setname_np(pthread_self(), "carpool-otlp");
        worker.run();
      });
    }

    const OtlpOptions options;
    const std::shared_ptr<detail::OtlpInbox> inbox;
    detail::OtlpWorker worker;
    std::mutex mutex;  // for what follows, by those that stop the thread
    bool all_sent = false;
    std::thread thread;
  };

  [[nodiscard]] static OtlpOptions checked(OtlpOptions options) {
    validate(options);
    return options;
  }
  /// The thread is the parent's, and what it waits with cannot be destroyed here.
  void abandon() noexcept { static_cast<void>(core_.release()); }

  std::unique_ptr<Core> core_;
};

}  // namespace carpool::inline v0_1
