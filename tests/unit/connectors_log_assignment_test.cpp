#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/log/assignment.hpp"

using namespace bora::log;

namespace {

using Owners = std::vector<std::optional<MemberId>>;

std::size_t held_by(const Owners& owners, MemberId member) {
  return static_cast<std::size_t>(std::count(owners.begin(), owners.end(), member));
}

std::size_t moved(const Owners& before, const Owners& after) {
  std::size_t count = 0;
  for (std::size_t p = 0; p < before.size(); ++p)
    if (before[p] && before[p] != after[p]) ++count;
  return count;
}

Owners assign(const std::vector<MemberId>& members, const Owners& current) {
  return assign_partitions(members, current);
}

}  // namespace

TEST_CASE("without members nobody owns a partition") {
  CHECK(assign({}, Owners{1, std::nullopt}) == Owners(2));
}

TEST_CASE("the first member gets every partition") {
  CHECK(assign({7}, Owners(3)) == Owners{7, 7, 7});
}

TEST_CASE("a second member takes half and nothing else moves") {
  const Owners before{1, 1, 1, 1};
  const Owners after = assign({1, 2}, before);
  CHECK(held_by(after, 1) == 2);
  CHECK(held_by(after, 2) == 2);
  CHECK(moved(before, after) == 2);
}

TEST_CASE("a third member of two takes only what makes the shares even") {
  const Owners before{1, 1, 2, 2};
  const Owners after = assign({1, 2, 3}, before);
  CHECK(held_by(after, 3) == 1);
  CHECK(moved(before, after) == 1);
}

TEST_CASE("the partitions of a member that left go to those who have least") {
  const Owners before{1, 1, 2, 3};
  const Owners after = assign({2, 3}, before);
  CHECK(held_by(after, 2) == 2);
  CHECK(held_by(after, 3) == 2);
  CHECK(after[2] == MemberId{2});
  CHECK(after[3] == MemberId{3});
}

TEST_CASE("members beyond the number of partitions get none and move none") {
  const Owners before{1, 2};
  CHECK(assign({1, 2, 3}, before) == before);
}

TEST_CASE("an even assignment stays as it is") {
  const Owners before{2, 1, 2, 1, 1};
  CHECK(assign({1, 2}, before) == before);
  CHECK(assign({2, 1}, before) == before);
}
