/// The figures as JSON: the machine, the workload, every row, the sweep, and the words.
#pragma once

#include "advice.hpp"
#include "results.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace carpool::compare {

namespace detail {

using Json = nlohmann::ordered_json;

inline Json json_of(const Figure& figure) {
  return {{"median", figure.median}, {"low", figure.low}, {"high", figure.high}};
}

/// In nanoseconds.
inline Json json_of(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"p50", histogram.quantile(0.5).count()},
          {"p99", histogram.quantile(0.99).count()},
          {"p999", histogram.quantile(0.999).count()},
          {"max", histogram.max().count()}};
}

inline Json json_of(const Failures& failures) {
  Json json = Json::object();
  for (std::size_t i = 0; i < failure_kind_count; ++i) {
    if (failures.by_kind[i] > 0) json[std::string(to_string(static_cast<FailureKind>(i)))] = failures.by_kind[i];
  }
  if (failures.total() > 0) json["first_message"] = failures.first_message;
  return json;
}

inline Json closed_json(const Row& row) {
  Json json = Json::object();
  for (std::size_t i = 0; i < close_reason_count; ++i) {
    if (row.closed[i] > 0) json[std::string(carpool::to_string(static_cast<CloseReason>(i)))] = row.closed[i];
  }
  return json;
}

inline Json json_of(const OutageFigures& outage) {
  const auto nanoseconds = [](const std::optional<Duration>& length) {
    return length ? Json(length->count()) : Json();
  };
  Json served = Json::array(), failed = Json::array();
  for (const auto& bin : outage.timeline) {
    served.push_back(bin.served);
    failed.push_back(bin.failed);
  }
  return {{"wait_while_down_ns", json_of(outage.wait)},
          {"failures_per_second", outage.failures_per_second},
          {"connects_per_second", outage.connects_per_second},
          {"first_served_again_ns", nanoseconds(outage.first_again)},
          {"every_worker_served_again_ns", nanoseconds(outage.all_again)},
          {"timeline", {{"served", std::move(served)}, {"failed", std::move(failed)}}}};
}

inline Json json_of(const Row& row) {
  Json json{{"backend", name_of(row.combination.backend)},
            {"queue", name_of(row.combination.queue)},
            {"eviction", name_of(row.combination.eviction)},
            {"workers", row.workers},
            {"pool_size", row.pool_size},
            {"rounds", row.rounds},
            {"requests", row.requests},
            {"requests_per_second", json_of(row.rate)},
            {"cpu_ns_per_request", json_of(row.cpu)},
            {"wait_ns", json_of(row.wait)},
            {"wait_p99_ns_by_round", json_of(row.p99)},
            {"wait_p999_ns_by_round", json_of(row.p999)},
            {"fairness", json_of(row.fairness)},
            {"connections_in_use", json_of(row.in_use)},
            {"connections_opened_per_round", json_of(row.opened)},
            {"connections_closed_per_round", closed_json(row)},
            {"failures", json_of(row.failures)}};
  json["server_peak_connections"] = row.server_peak > 0 ? Json(row.server_peak) : Json();
  if (row.all_served.median > 0) json["all_served_ns"] = json_of(row.all_served);
  if (row.outage) json["outage"] = json_of(*row.outage);
  return json;
}

inline Json json_of(const Workload& workload, const std::string& server) {
  return {{"scenario", name_of(workload.scenario)},
          {"server", server},
          {"workers", workload.workers},
          {"pool_size", workload.pool_size},
          {"min_idle", workload.min_idle},
          {"request_bytes", workload.request_size},
          {"discard_every", workload.discard_every},
          {"think_time_ns", workload.think_time.count()},
          {"work_time_ns", workload.work_time.count()},
          {"connect_delay_ns", workload.connect_delay.count()},
          {"seconds", workload.seconds},
          {"rounds", workload.rounds}};
}

inline Json json_of(const Machine& machine) {
  return {{"date", machine.date},
          {"processor", machine.processor},
          {"processors", machine.processors},
          {"kernel", machine.kernel},
          {"compiler", machine.compiler},
          {"optimised", machine.optimised},
          {"load_average_before", machine.load_average},
          {"share_used_by_others", machine.used_by_others}};
}

inline Json json_of(const Sweep& sweep) {
  Json points = Json::array();
  for (const auto& point : sweep.points) points.push_back(json_of(point.row));
  const SweepPoint* found = enough(sweep);
  return {{"combination", to_string(sweep.combination)},
          {"enough", found != nullptr ? Json(found->pool_size) : Json()},
          {"points", std::move(points)}};
}

}  // namespace detail

/// Every time is in nanoseconds and says so in its name.
[[nodiscard]] inline std::string json_report(const Results& results) {
  detail::Json json{{"tool", "carpool-compare"},
                    {"machine", detail::json_of(results.machine)},
                    {"workload", detail::json_of(results.workload, results.server)},
                    {"rows", detail::Json::array()},
                    {"pool_sizes", detail::Json::array()},
                    {"advice", advise(results, Charset::unicode)}};
  for (const auto& row : results.rows) json["rows"].push_back(detail::json_of(row));
  for (const auto& sweep : results.sweeps) json["pool_sizes"].push_back(detail::json_of(sweep));
  return json.dump(2) + "\n";
}

}  // namespace carpool::compare
