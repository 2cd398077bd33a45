/// Lets a coroutine of Boost.Asio's sleep.
#pragma once

#include <carpool/time.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

inline boost::asio::awaitable<void> asio_sleep(carpool::Duration time) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(boost::asio::use_awaitable);
}
