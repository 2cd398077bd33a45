// needs: admin_page
// The admin page over real sockets: what it shows, whom it refuses, and that nothing that is sent to it breaks it.
#include <carpool/admin_page.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/thread_backend.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "contains.hpp"
#include "eventually.hpp"
#include "process.hpp"
#include "raw_http.hpp"
#include "sanitizer.hpp"
#include "thrown.hpp"

namespace {

using namespace std::chrono_literals;

using carpool::AdminPage;
using carpool::FakeConnect;
using carpool::FakeServer;
using carpool::PoolRegistry;
using Backend = carpool::ThreadBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector, carpool::DefaultEviction,
                                     carpool::MetricsObserver>;

const std::string token = "only-for-this-test";
const std::string authorized = "Authorization: Bearer " + token + "\r\n";

/// A pool that is shown.
struct Shown {
  Shown(PoolRegistry& registry, const FakeServer& server, carpool::PoolOptions options)
      : pool(server.connector(), std::move(options)), registration(registry.add(pool)) {}
  Pool pool;
  PoolRegistry::Registration registration;
};

class AdminPageTest : public testing::Test {
 protected:
  [[nodiscard]] RawAnswer get(const std::string& path, const std::string& headers = "") const {
    return ask_http(page.port(), "GET", path, headers);
  }
  [[nodiscard]] RawAnswer post(const std::string& path, const std::string& body,
                               const std::string& headers = authorized) const {
    return ask_http(page.port(), "POST", path, headers, body);
  }
  /// What is shown may be 200 ms old.
  [[nodiscard]] testing::AssertionResult soon(const std::string& path, const std::string& part) const {
    RawAnswer answer;
    const bool is_there =
        eventually<Backend>([&] { return (answer = get(path)).body.find(part) != std::string::npos; });
    return is_there ? testing::AssertionSuccess() : testing::AssertionFailure() << answer.body << " has no " << part;
  }

  FakeServer server;
  PoolRegistry registry;
  Shown orders{registry, server, {.name = "orders", .max_size = 3}};
  const AdminPage page{registry, {.steering_token = token}};
};

TEST_F(AdminPageTest, ServesAPageThatNeedsNothingElse) {
  const RawAnswer answer = get("/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(contains(answer.head, "Content-Type: text/html; charset=utf-8\r\n",
                       "Content-Security-Policy: default-src 'none'", "X-Content-Type-Options: nosniff",
                       "Cache-Control: no-store", "X-Frame-Options: DENY"));
  EXPECT_TRUE(contains(answer.body, "<!DOCTYPE html>", "</html>"));
  EXPECT_NE(answer.body, get("/").body) << "each has a nonce of its own";
  const RawAnswer head = ask_http(page.port(), "HEAD", "/");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_TRUE(contains(head.head, "Content-Length: " + std::to_string(answer.body.size())));
}

TEST_F(AdminPageTest, TellsWhatAPoolDoes) {
  const auto lease = orders.pool.acquire();
  const int line = __LINE__ - 1;
  EXPECT_TRUE(soon("/pools.json", "\"in_use\":1"));
  const std::string json = get("/pools.json").body;
  EXPECT_TRUE(contains(json, "{\"format\":1,", "\"steering\":true", "\"name\":\"orders\",\"ready\":true",
                       "\"max_size\":3", "\"holders_total\":1", "\"connection\":" + std::to_string(lease.id()),
                       "\"acquired\":1"));
  EXPECT_TRUE(contains(json, "\"file\":\"admin_page_test.cpp\",\"line\":" + std::to_string(line)));
  EXPECT_TRUE(contains(json, "\"wait\":{\"count\":1,", "\"closed_by_reason\":{\"expired\":0", "\"breaker\":\"closed\"",
                       "\"acquire_timeout_s\":30,", "\"leak_detection_threshold_s\":null"));
}

TEST_F(AdminPageTest, TellsEveryPoolOfAnyName) {
  const std::string strange = "</script><script>alert(1)</script>\"\\\n\xff é 数据";
  Shown shown(registry, server, {.name = strange});
  Shown same(registry, server, {.name = strange});
  Shown empty(registry, server, {.name = ""});
  EXPECT_TRUE(soon("/pools.json", "\"name\":\"\""));
  const std::string json = get("/pools.json").body;
  const std::string shown_as =
      R"(\u003c/script\u003e\u003cscript\u003ealert(1)\u003c/script\u003e\u0022\u005c\u000a\ufffd é 数据)";
  EXPECT_TRUE(contains(json, "\"name\":\"" + shown_as + "\"", "\"name\":\"" + shown_as + "#2\""));
  EXPECT_EQ(json.find('<'), std::string::npos);
}

TEST_F(AdminPageTest, AnswersAnOrchestrator) {
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_EQ(get("/readyz").body, R"({"not_ready":[],"ready":true})");
  EXPECT_EQ(ask_raw(page.port(), "GET /readyz HTTP/1.0\r\n\r\n").status, 200) << "a load balancer may say no Host";
  orders.pool.suspend();
  EXPECT_TRUE(soon("/readyz", R"({"not_ready":[{"pool":"orders","because":"suspended"}],"ready":false})"));
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/healthz").status, 200) << "it lives";
  orders.pool.resume();
  EXPECT_TRUE(soon("/readyz", "\"ready\":true"));
  orders.pool.close();
  EXPECT_TRUE(soon("/readyz", "closed or draining"));
}

TEST_F(AdminPageTest, IsNotReadyWhileItsServerIsAway) {
  FakeServer away;
  away.other_connects(carpool::fake::refuse("postgres://app:s3cret@db: Connection refused"));
  Shown users(registry, away, {.name = "users", .connect_attempts = 1, .connect_backoff = {1h, 1h}});
  EXPECT_THROW(static_cast<void>(users.pool.acquire()), carpool::ConnectError);
  EXPECT_TRUE(soon("/readyz", R"({"pool":"users","because":"breaker open on every endpoint"})"));
  EXPECT_TRUE(contains(get("/pools.json").body, "\"breaker\":\"open\"", "postgres://***@db: Connection refused"));
}

TEST_F(AdminPageTest, ShowsNoSecrets) {
  ::setenv("CARPOOL_TEST_SECRET", "s3cret-of-the-environment", 1);
  for (const char* path : {"/", "/pools.json", "/readyz", "/healthz", "/nothing"}) {
    const RawAnswer answer = get(path);
    for (const std::string& secret : {token, std::string("s3cret")}) {
      EXPECT_EQ(answer.body.find(secret), std::string::npos) << path;
      EXPECT_EQ(answer.head.find(secret), std::string::npos) << path;
    }
  }
  ::unsetenv("CARPOOL_TEST_SECRET");
}

TEST_F(AdminPageTest, SteersWithTheToken) {
  EXPECT_EQ(post("/steer/suspend", "pool=orders").status, 200);
  EXPECT_TRUE(orders.pool.stats().suspended);
  EXPECT_TRUE(contains(get("/pools.json").body, "\"suspended\":true")) << "at once";
  EXPECT_EQ(post("/steer/resume", "pool=orders").body, R"({"pool":"orders","done":"resume"})");
  EXPECT_FALSE(orders.pool.stats().suspended);
  EXPECT_EQ(post("/steer/resize", "pool=orders&max_size=7").status, 200);
  EXPECT_EQ(orders.pool.stats().max_size, 7U);
  {
    const auto lease = orders.pool.acquire();
  }
  EXPECT_EQ(post("/steer/clear", "pool=orders").body, R"({"pool":"orders","done":"clear","closed":1})");
  auto lease = orders.pool.acquire();
  EXPECT_EQ(post("/steer/retire", "pool=orders").status, 200);
  lease.release();
  const auto retired = [&] { return orders.pool.stats().closed_for(carpool::CloseReason::retired); };
  EXPECT_TRUE(eventually<Backend>([&] { return retired() == 2; })) << "the cleared one, and the leased one";
  lease = orders.pool.acquire();
  EXPECT_EQ(post("/steer/drain", "pool=orders").body, R"({"pool":"orders","done":"drain","leases_out":1})");
  EXPECT_TRUE(orders.pool.stats().closed);
}

TEST_F(AdminPageTest, SteersAPoolOfAnyName) {
  Shown strange(registry, server, {.name = "a&b=c+d </x> é"});
  EXPECT_EQ(post("/steer/suspend", "pool=a%26b%3Dc%2Bd+%3C%2Fx%3E+%C3%A9").status, 200);
  EXPECT_TRUE(strange.pool.stats().suspended);
  EXPECT_FALSE(orders.pool.stats().suspended);
}

TEST_F(AdminPageTest, SaysWhyItDoesNotSteer) {
  EXPECT_EQ(post("/steer/suspend", "pool=nobody").status, 404);
  EXPECT_EQ(post("/steer/suspend", "").status, 400);
  EXPECT_EQ(post("/steer/explode", "pool=orders").status, 404);
  for (const char* size :
       {"", "&max_size=", "&max_size=-1", "&max_size=3x", "&max_size=99999999999999999999", "&max_size=1000001"})
    EXPECT_EQ(post("/steer/resize", "pool=orders" + std::string(size)).status, 400) << size;
  const RawAnswer zero = post("/steer/resize", "pool=orders&max_size=0");
  EXPECT_EQ(zero.status, 400);
  EXPECT_TRUE(contains(zero.body, "max_size must be at least 1"));
  EXPECT_EQ(orders.pool.stats().max_size, 3U);
}

TEST_F(AdminPageTest, LetsNobodyElseSteer) {
  const std::string body = "pool=orders";
  EXPECT_EQ(post("/steer/suspend", body, "").status, 401);
  EXPECT_TRUE(contains(post("/steer/suspend", body, "").head, "WWW-Authenticate: Bearer\r\n"));
  EXPECT_EQ(post("/steer/suspend", body, "Authorization: Bearer only-for-this-tesT\r\n").status, 401);
  EXPECT_EQ(post("/steer/suspend", body, authorized + "Origin: http://evil.example\r\n").status, 403);
  EXPECT_EQ(post("/steer/suspend", body, authorized + "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_EQ(get("/steer/suspend?pool=orders", authorized).status, 405);
  EXPECT_TRUE(contains(get("/steer/suspend", authorized).head, "Allow: POST\r\n"));
  const AdminPage locked(registry);
  EXPECT_EQ(ask_http(locked.port(), "POST", "/steer/suspend", authorized, body).status, 403);
  EXPECT_EQ(ask_http(locked.port(), "POST", "/steer/suspend", "Authorization: Bearer \r\n", body).status, 403);
  EXPECT_TRUE(contains(ask_http(locked.port(), "GET", "/pools.json").body, "\"steering\":false"));
  EXPECT_FALSE(orders.pool.stats().suspended);
}

TEST_F(AdminPageTest, RefusesWhatItDoesNotServe) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    EXPECT_EQ(ask_http(page.port(), method, "/").status, 405) << method;
    EXPECT_EQ(ask_http(page.port(), method, "/pools.json", authorized).status, 405) << method;
  }
  EXPECT_TRUE(contains(ask_http(page.port(), "DELETE", "/").head, "Allow: GET, HEAD\r\n"));
  for (const char* path :
       {"/nothing", "/pools.json/", "/index.html", "/../etc/passwd", "/%2e%2e/etc/passwd", "/steer/", "/steer"})
    EXPECT_EQ(get(path).status, 404) << path;
  EXPECT_EQ(get("/pools.json", "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_EQ(get("/", "Sec-Fetch-Site: cross-site\r\n").status, 200) << "a link leads to it";
  EXPECT_EQ(ask_raw(page.port(), "GET /pools.json HTTP/1.1\r\nHost: rebound.example\r\n\r\n").status, 403);
}

TEST_F(AdminPageTest, RefusesWhatIsTooLong) {
  const auto long_header = [](std::size_t length) { return "X: " + std::string(length, 'a') + "\r\n"; };
  EXPECT_EQ(get("/healthz", long_header(10'000)).status, 200);
  EXPECT_EQ(get("/healthz", long_header(20'000)).status, 431);
  EXPECT_EQ(get("/" + std::string(20'000, 'a')).status, 431);
  const int endless = get("/healthz", long_header(4'000'000)).status;
  EXPECT_TRUE(endless == 400 || endless == 0) << endless << ": it does not read all of it, so its answer may be lost";
  std::string many;
  for (int i = 0; i < 100; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(get("/healthz", many).status, 431);
  EXPECT_EQ(post("/steer/suspend", "pool=" + std::string(5'000, 'a')).status, 413);
  const std::string huge = "POST /steer/suspend HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n";
  EXPECT_EQ(ask_raw(page.port(), huge).status, 413) << "without waiting for it";
  const std::string chunked = "POST /steer/suspend HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(ask_raw(page.port(), chunked + "1388\r\n" + std::string(5000, 'a') + "\r\n0\r\n\r\n").status, 411);
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(AdminPageTest, DoesNotActOnAPartOfARequest) {
  const std::string head =
      "POST /steer/resize HTTP/1.1\r\nHost: localhost\r\n" + authorized + "Content-Length: 25\r\n\r\n";
  RawHttp slow(page.port());
  slow.send(head + "pool=orders&max_size=1");  // and 000, which does not come
  EXPECT_EQ(slow.read_to_end().status, 400);
  RawHttp cut(page.port());
  cut.send(head + "pool=orders&max_size=1");
  cut.end();
  EXPECT_EQ(cut.read_to_end().status, 400);
  EXPECT_EQ(orders.pool.stats().max_size, 3U);
  EXPECT_EQ(ask_raw(page.port(), head + "pool=orders&max_size=1000").status, 200);
  EXPECT_EQ(orders.pool.stats().max_size, 1000U);
}

TEST_F(AdminPageTest, RefusesWhatIsNoHttp) {
  for (const std::string bytes :
       {"GARBAGE\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno header\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"}) {
    const int status = ask_raw(page.port(), bytes).status;
    EXPECT_TRUE(status == 0 || (status >= 400 && status < 600)) << status << " for " << bytes;
  }
  EXPECT_EQ(ask_raw(page.port(), "GARBAGE\r\n\r\n").status, 400);
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(AdminPageTest, AnswersTheFirstOfPipelinedRequestsAndCloses) {
  const std::string one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::string hundred;
  for (int i = 0; i < 100; ++i) hundred += one;
  const RawAnswer answer = ask_raw(page.port(), hundred);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(contains(answer.head, "Connection: close\r\n"));
  EXPECT_EQ(answer.body, R"({"alive":true})") << "and nothing behind it";
}

TEST_F(AdminPageTest, ServesOthersBesideSlowClientsAndEndsThose) {
  std::vector<std::unique_ptr<RawHttp>> slow;
  for (int i = 0; i < 6; ++i) {
    slow.push_back(std::make_unique<RawHttp>(page.port()));
    slow.back()->send("GET /healthz HTTP/1.1\r\nHost: loc");
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s) << "before the slow ones are ended";
  for (auto& client : slow) {
    const int status = client->read_to_end().status;
    EXPECT_TRUE(status == 400 || status == 0) << status;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 15s);
}

TEST_F(AdminPageTest, AnswersTenThousandRequestsAndKeepsNothing) {
  static_cast<void>(get("/pools.json"));
  const std::size_t before = open_descriptors();
  std::atomic<int> answered = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, i] {
      const std::vector<std::string> paths{"/healthz", "/readyz", "/pools.json", "/"};
      for (int n = 0; n < 2500; ++n) answered += get(paths[static_cast<std::size_t>(n + i) % 4]).status == 200;
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(answered, 10'000);
  EXPECT_TRUE(eventually<Backend>([&] { return open_descriptors() <= before; }))
      << open_descriptors() << " of " << before;
}

TEST_F(AdminPageTest, ShowsPoolsThatComeAndGo) {
  std::atomic<bool> over = false;
  std::atomic<int> refused = 0;
  std::vector<std::thread> watchers;
  for (int i = 0; i < 3; ++i) {
    watchers.emplace_back([&] {
      while (!over) {
        refused += get("/pools.json").status != 200;
        const int status = post("/steer/retire", "pool=passing").status;
        refused += status != 200 && status != 404;
      }
    });
  }
  const auto end = std::chrono::steady_clock::now() + 2s;
  while (std::chrono::steady_clock::now() < end) {
    Shown passing(registry, server, {.name = "passing"});
    const auto lease = passing.pool.acquire();
  }
  over = true;
  for (auto& watcher : watchers) watcher.join();
  EXPECT_EQ(refused, 0);
  EXPECT_TRUE(soon("/pools.json", "\"name\":\"orders\""));
  EXPECT_EQ(get("/pools.json").body.find("passing"), std::string::npos);
}

/// How long the last of some clients waited for its answer after the page had ended.
std::chrono::steady_clock::duration longest_wait_past_the_end(std::unique_ptr<AdminPage> page) {
  std::atomic<bool> over = false;
  std::atomic<int> answers = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, port = page->port()] {
      for (; !over; ++answers) static_cast<void>(ask_http(port, "GET", "/pools.json"));
    });
  }
  EXPECT_TRUE(eventually<Backend>([&] { return answers >= 8; }));
  page.reset();
  over = true;
  const auto end = std::chrono::steady_clock::now();
  for (auto& client : clients) client.join();
  return std::chrono::steady_clock::now() - end;
}

TEST_F(AdminPageTest, EndsWhileItIsAskedAndLeavesNoClientWaiting) {
  static_cast<void>(get("/healthz"));
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 10; ++i) EXPECT_LT(longest_wait_past_the_end(std::make_unique<AdminPage>(registry)), 10s);
  EXPECT_TRUE(eventually<Backend>([&] { return open_descriptors() <= before; }))
      << open_descriptors() << " of " << before;
}

TEST_F(AdminPageTest, ListensWhereItWasToldAlone) {
  EXPECT_EQ(page.url(), "http://127.0.0.1:" + std::to_string(page.port()) + "/");
  const auto is_listened_on = [](const std::string& address, std::uint16_t port) {
    std::ifstream table("/proc/net/tcp");
    char wanted[16];
    std::snprintf(wanted, sizeof wanted, ":%04X", static_cast<unsigned>(port));
    for (std::string line; std::getline(table, line);) {
      if (line.find(address + wanted + " ") != std::string::npos && line.find(" 0A ") != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(is_listened_on("0100007F", page.port()));
  EXPECT_FALSE(is_listened_on("00000000", page.port()));
  const AdminPage everywhere(registry, {.address = "0.0.0.0"});
  EXPECT_TRUE(is_listened_on("00000000", everywhere.port()));
  EXPECT_EQ(ask_http(everywhere.port(), "GET", "/healthz").status, 200);
}

TEST_F(AdminPageTest, SaysThatAPortIsTaken) {
  const auto error = thrown<std::runtime_error>([&] { return AdminPage(registry, {.port = page.port()}).port(); });
  ASSERT_TRUE(error);
  EXPECT_TRUE(
      contains(error->what(), "cannot listen on 127.0.0.1:" + std::to_string(page.port()), "Address already in use"));
  EXPECT_THROW(AdminPage(registry, {.address = "localhost"}), std::invalid_argument);
}

TEST_F(AdminPageTest, ItsThreadsTakeNoSignals) {
  struct sigaction action{};
  ::sigaction(SIGPIPE, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL) << "what the program wants to be done is left alone";
  int threads = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream status(task.path() / "status");
    std::string line, name;
    for (; std::getline(status, line);) {
      if (line.starts_with("Name:")) name = line;
      if (!line.starts_with("SigBlk:") || name.find("civetweb") == std::string::npos) continue;
      ++threads;
      EXPECT_TRUE(contains(line, "fffffffe")) << name;
    }
  }
  EXPECT_GT(threads, 0);
}

TEST_F(AdminPageTest, AForkedChildHasNoPage) {
  if (CARPOOL_THREAD_SANITIZER) GTEST_SKIP() << "a forked child of a program with threads";
  std::optional<AdminPage> parents(std::in_place, registry);
  EXPECT_EQ(run_in_forked_child([&] { return parents.reset(), 7; }), 7);
  EXPECT_EQ(ask_http(parents->port(), "GET", "/healthz").status, 200);
}

TEST(AdminPage, MayOutliveItsRegistry) {
  const FakeServer server;
  auto registry = std::make_unique<PoolRegistry>();
  const AdminPage page(*registry);
  Shown orders(*registry, server, {.name = "orders"});
  registry.reset();
  EXPECT_TRUE(contains(ask_http(page.port(), "GET", "/pools.json").body, "\"name\":\"orders\""));
}

TEST(AdminPage, ShowsAProgramWithoutPools) {
  const AdminPage page{PoolRegistry()};
  EXPECT_TRUE(contains(ask_http(page.port(), "GET", "/pools.json").body, "\"pools\":[]"));
  EXPECT_EQ(ask_http(page.port(), "GET", "/readyz").status, 200);
}

}  // namespace
