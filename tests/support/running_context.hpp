/// A context of Boost.Asio's with a thread that runs it, until the end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <thread>
#include <utility>

class RunningContext {
 public:
  RunningContext() : thread_([this] { context.run(); }) {}
  RunningContext(const RunningContext&) = delete;
  RunningContext& operator=(const RunningContext&) = delete;
  ~RunningContext() {
    guard_.reset();
    thread_.join();
  }
  [[nodiscard]] boost::asio::any_io_executor executor() { return context.get_executor(); }
  /// What the coroutine returns or throws.
  template <class T>
  T await(boost::asio::awaitable<T> work) {
    return boost::asio::co_spawn(context, std::move(work), boost::asio::use_future).get();
  }

  boost::asio::io_context context;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context.get_executor()};
  std::thread thread_;
};
