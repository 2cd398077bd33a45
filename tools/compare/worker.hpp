/// One caller of a pool: takes a connection, makes a request, gives it back, thinks.
#pragma once

#include "control.hpp"
#include "exchange.hpp"
#include "worker_log.hpp"
#include "workload.hpp"

#include <carpool/time.hpp>

#include <cstddef>
#include <exception>

namespace carpool::compare {

/// Runs as a task of the Backend that the Pool has.
template <class Backend, class Pool>
class Worker {
 public:
  Worker(Pool& pool, const Workload& workload, const Control& control, WorkerLog& log, std::size_t number)
      : pool_(pool),
        workload_(workload),
        control_(control),
        log_(log),
        exchange_(workload.request_size, number),
        leases_(number) {}

  void run_until_stop() {
    for (Phase phase = control_.phase(); phase != Phase::stop; phase = control_.phase()) {
      // Outside the handler of serve(): nothing may suspend there.
      if (!serve(phase)) pause(pause_after_failure);
      pause(workload_.think_time);
    }
  }

  /// True where the request was served.
  bool serve(Phase phase) {
    const TimePoint asked = Backend::now();
    bool answered = false;
    try {
      auto lease = pool_.acquire();
      const TimePoint got = Backend::now();
      answered = true;
      log_.waited(phase, got - asked);
      use(lease, got);
      const TimePoint done = Backend::now();
      log_.served(control_, phase, done - got, done);
      return true;
    } catch (const std::exception& error) {
      const TimePoint now = Backend::now();
      if (!answered) log_.waited(phase, now - asked);
      log_.failed(control_, phase, now, error);
    }
    return false;
  }

 private:
  template <class Lease>
  void use(Lease& lease, TimePoint got) {
    exchange_.run(**lease, after(got, request_timeout));
    pause(workload_.work_time);
    ++leases_;
    if (workload_.discard_every > 0 && leases_ % workload_.discard_every == 0) {
      lease.discard();
    } else {
      lease.release();
    }
  }

  static void pause(Duration length) {
    if (length > Duration::zero()) Backend::sleep_until(after(Backend::now(), length));
  }

  Pool& pool_;
  const Workload& workload_;
  const Control& control_;
  WorkerLog& log_;
  Exchange exchange_;
  std::size_t leases_;  // begins at the worker's number, so that not all discard at once
};

}  // namespace carpool::compare
