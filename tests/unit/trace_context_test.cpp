// The W3C trace context, read and written; which traces are recorded.
#include <carpool/trace/context.hpp>
#include <carpool/trace/sampler.hpp>
#include <carpool/trace/scope.hpp>

#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace {

using carpool::TraceContext;
using carpool::TraceSampler;
using carpool::TraceScope;

// The examples of https://www.w3.org/TR/trace-context/#examples-of-http-traceparent-headers.
const std::string sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const std::string unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

TEST(TraceContext, ReadsTheExamplesOfTheRecommendation) {
  const auto context = TraceContext::parse(sampled);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->trace_high, 0x4bf92f3577b34da6U);
  EXPECT_EQ(context->trace_low, 0xa3ce929d0e0e4736U);
  EXPECT_EQ(context->span_id(), "00f067aa0ba902b7");
  EXPECT_TRUE(context->sampled());
  ASSERT_TRUE(TraceContext::parse(unsampled));
  EXPECT_FALSE(TraceContext::parse(unsampled)->sampled());
}

TEST(TraceContext, WritesWhatItRead) {
  for (const std::string& text : {sampled, unsampled}) EXPECT_EQ(TraceContext::parse(text)->traceparent(), text);
  EXPECT_EQ(TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03")->traceparent(),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03");
}

TEST(TraceContext, PassesOnNoFlagThatItDoesNotKnow) {
  EXPECT_EQ(TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff")->traceparent(),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03");
}

TEST(TraceContext, TakesOfALaterVersionWhatItKnows) {
  const auto later = TraceContext::parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-what-comes-then");
  ASSERT_TRUE(later);
  EXPECT_EQ(later->traceparent(), sampled);
  EXPECT_TRUE(TraceContext::parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_FALSE(TraceContext::parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more"));
}

TEST(TraceContext, IgnoresWhatIsNone) {
  for (const char* text : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473 -00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1 ",
           "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
       })
    EXPECT_FALSE(TraceContext::parse(text)) << text;
  std::string with_nul = sampled;
  with_nul[10] = '\0';
  EXPECT_FALSE(TraceContext::parse(with_nul));
  EXPECT_FALSE(TraceContext().valid());
}

TEST(TraceScope, IsTheThreadsAndNests) {
  const TraceContext outer = *TraceContext::parse(sampled), inner = *TraceContext::parse(unsampled);
  EXPECT_FALSE(TraceScope::current().valid());
  {
    const TraceScope first(outer);
    {
      const TraceScope second(inner);
      EXPECT_EQ(TraceScope::current(), inner);
      std::thread([] { EXPECT_FALSE(TraceScope::current().valid()); }).join();
    }
    EXPECT_EQ(TraceScope::current(), outer);
  }
  EXPECT_FALSE(TraceScope::current().valid());
}

TEST(TraceSampler, TakesThePartThatItIsAskedFor) {
  EXPECT_FALSE(TraceSampler(0).takes(0xFFFFFFFFFFFFFFFFU));
  EXPECT_TRUE(TraceSampler(1).takes(0));
  const TraceSampler hundredth(0.01), half(0.5);
  std::size_t taken = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const std::uint64_t id = i * 0x9E3779B97F4A7C15U;  // evenly spread
    taken += hundredth.takes(id) ? 1 : 0;
    EXPECT_TRUE(!hundredth.takes(id) || half.takes(id)) << "who takes more takes these too";
  }
  EXPECT_NEAR(static_cast<double>(taken), 1000, 50);
}

TEST(TraceSampler, RefusesARatioThatIsNone) {
  for (const double ratio : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THROW(TraceSampler{ratio}, std::invalid_argument) << ratio;
}

}  // namespace
