/// Leads one run: starts the host, says when to warm up, measure, kill the server and stop, and reads the clocks.
#pragma once

#include "cpu_meter.hpp"
#include "plan.hpp"
#include "progress.hpp"

#include <carpool/time.hpp>

#include <chrono>
#include <future>

namespace carpool::compare {

/// Used by one thread. The server is null where it is not ours.
class Conductor {
 public:
  Conductor(EchoServer* server, Progress& progress) : server_(server), cpu_(server), progress_(progress) {}

  /// What one round of this workload will take, in seconds; a spike only by guess.
  [[nodiscard]] static double expected_seconds(const Workload& workload) {
    if (workload.scenario == Scenario::spike) return 0.6;
    return round_seconds(workload) + in_seconds(warm_up_time);
  }

  /// Throws what the host throws.
  [[nodiscard]] Sample run(const Plan& plan) {
    const double length = round_seconds(plan.workload);
    Control control(after(now(), warm_up_time),
                    std::chrono::duration_cast<Duration>(std::chrono::duration<double>(length)));
    if (server_ != nullptr) server_->take_peak();
    auto host = std::async(std::launch::async, [&plan, &control] { return run_on_host(plan, control); });
    Measurement measured =
        plan.workload.scenario == Scenario::spike ? attend_spike(host) : lead(plan.workload, control, host);
    const HostReport report = host.get();
    if (server_ != nullptr) measured.server_peak = server_->take_peak();
    return make_sample(report, measured);
  }

 private:
  using Host = std::future<HostReport>;

  static TimePoint now() { return std::chrono::steady_clock::now(); }
  static double in_seconds(Duration length) { return static_cast<double>(length.count()) / 1e9; }

  static double round_seconds(const Workload& workload) {
    return workload.seconds / static_cast<double>(workload.rounds);
  }

  Measurement lead(const Workload& workload, Control& control, const Host& host) {
    const bool outage = workload.scenario == Scenario::outage;
    const double length = round_seconds(workload) / (outage ? 3 : 1);
    pass(in_seconds(warm_up_time), host);
    Measurement measured;
    measure(measured, control, length, host);
    if (outage) break_off(measured, control, length, host);
    control.enter(Phase::stop);
    return measured;
  }

  void measure(Measurement& measured, Control& control, double length, const Host& host) {
    const double cpu = cpu_.client_seconds();
    const TimePoint begin = now();
    control.enter(Phase::measuring);
    pass(length, host);
    measured.seconds = in_seconds(now() - begin);
    measured.cpu_seconds = cpu_.client_seconds() - cpu;
  }

  void break_off(Measurement& measured, Control& control, double length, const Host& host) {
    const TimePoint died = now();
    control.enter(Phase::down);
    server_->stop();
    pass(length, host);
    server_->start();
    measured.restored_at = now();
    control.enter(Phase::recovering);
    measured.down_seconds = in_seconds(*measured.restored_at - died);
    measured.connects_while_down = control.connects_in(Phase::down);
    pass(length, host);
  }

  /// A spike ends when everybody was served.
  Measurement attend_spike(const Host& host) {
    Measurement measured;
    const double cpu = cpu_.client_seconds();
    const TimePoint begin = now();
    host.wait();
    progress_.advance(expected_seconds({.scenario = Scenario::spike}));
    measured.seconds = in_seconds(now() - begin);
    measured.cpu_seconds = cpu_.client_seconds() - cpu;
    return measured;
  }

  /// Lets time pass, in steps that the progress shows; less of it where the host has ended already (it failed).
  void pass(double seconds, const Host& host) {
    constexpr Duration step = std::chrono::milliseconds(100);
    const TimePoint end = after(now(), std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
    for (TimePoint begin = now(); begin < end; begin = now()) {
      if (host.wait_until(std::min(end, begin + step)) == std::future_status::ready) return;
      progress_.advance(in_seconds(now() - begin));
    }
  }

  EchoServer* server_;
  CpuMeter cpu_;
  Progress& progress_;
};

}  // namespace carpool::compare
