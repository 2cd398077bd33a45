/// Every queue of the library keeps the laws of a queue.
#include "queue_conformance.hpp"

#include <carpool/affine_bag.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/lifetime_queue.hpp>
#include <carpool/lifo_stack.hpp>

namespace {

using Queues = testing::Types<carpool::LifoStack, carpool::FifoQueue, carpool::LifetimeQueue, carpool::AffineBag>;
INSTANTIATE_TYPED_TEST_SUITE_P(Carpool, QueueConformance, Queues);

}  // namespace
