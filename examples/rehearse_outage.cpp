// needs: simulation_backend tcp_connector
// Rehearses an outage of a database in simulated time: 200 workers share 20 connections, and the server is away for a
// minute. Who sees errors, for how long, and is the server trampled when it comes back?
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/simulation_backend.hpp>
#include <carpool/simulation_timeline.hpp>
#include <carpool/tcp_connector.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <vector>

using namespace std::chrono_literals;
using Backend = carpool::SimulationBackend;  // your program uses ThreadBackend or FiberBackend here
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::TcpConnector>;

void work(Pool& pool, carpool::SimulationTimeline& timeline) {
  for (const auto end = Backend::now() + 120s; Backend::now() < end; Backend::sleep_until(Backend::now() + 1s)) {
    try {
      auto lease = pool.acquire_for(2s);
      lease->write_all("question\n");
      timeline.add(lease->read_until("\n") == "question" ? "answers" : "wrong answers");
    } catch (const std::runtime_error&) {  // PoolError and std::system_error
      timeline.add("errors");
    }
  }
}

int main() {
  carpool::SimulationTimeline timeline(5s);
  const auto report = carpool::rehearse([&] {
    auto& database = carpool::SimulatedNetwork::current().server("db.example", 5432);
    database.link.latency = 2ms;
    Pool pool({.host = "db.example", .port = 5432}, {.max_size = 20, .max_connecting = 8});
    std::vector<Backend::Task> workers;
    for (int i = 0; i < 200; ++i) workers.push_back(Backend::spawn([&] { work(pool, timeline); }));
    Backend::sleep_until(Backend::now() + 20s);
    database.go_down(60s);
    workers.clear();  // joins
    timeline.add_all("connects", database.attempts());
  });
  std::cout << timeline.to_text() << report.to_string() << "\n"
            << timeline.total("errors") << " errors within " << timeline.span("errors") / 1s << " s, at most "
            << timeline.most("connects") << " connects in 5 s\n";
  std::ofstream("rehearse_outage.svg") << timeline.to_svg();
  return report.ok() && timeline.total("answers") > timeline.total("wrong answers") ? 0 : 1;
}
