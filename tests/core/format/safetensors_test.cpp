#include "core/format/safetensors.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/format/sha256.hpp"
#include "tests/core/format/temporary_directory.hpp"

namespace lockstep {
namespace {

using test::content_of;
using test::message_of;
using test::put_content;
using test::TemporaryDirectory;

const std::vector<float> kBias = {1.5F, -0.0F};
const std::vector<double> kWeight = {1, 2, 3, 4, 5, 0.1};

std::vector<TensorView> two_tensors() {
  return {TensorView("weight", {2, 3}, std::span(kWeight)),
          TensorView("bias", {2}, std::span(kBias))};
}

const std::string kHeaderOfTwo =
    R"({"__metadata__":{"a":"ä","z":"1"},"bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
    R"("weight":{"dtype":"F64","shape":[2,3],"data_offsets":[8,56]}})";

/// A file of this header and data, with the header's size in front.
std::string file_of(const std::string& header, const std::string& data) {
  std::string prefix(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) prefix[i] = static_cast<char>(header.size() >> (8 * i));
  return prefix + header + data;
}

SafetensorsFile decode(const std::string& file) {
  return decode_safetensors("m", std::as_bytes(std::span<const char>(file)));
}

std::string error_of_file(const std::string& file) {
  return message_of<DataError>([&] { decode(file); });
}

std::string error_of(const std::string& header, std::size_t data_bytes = 0) {
  return error_of_file(file_of(header, std::string(data_bytes, 'x')));
}

/// A header with one tensor 'a' whose object holds `members`.
std::string one(const std::string& members) { return R"({"a":{)" + members + "}}"; }

std::string tensor_text(const std::string& name, int begin, int end) {
  return '"' + name + R"(":{"dtype":"F32","shape":[)" + std::to_string((end - begin) / 4) +
         R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

/// A header of these members. (g++ 12 warns of "{" + a temporary string.)
std::string header_of(const std::string& members) { return std::string("{") + members + "}"; }

TEST(Safetensors, WritesTheFormatByteByByte) {
  const TemporaryDirectory directory;
  write_safetensors(directory / "m", two_tensors(), {{"z", "1"}, {"a", "ä"}});
  std::string data(56, '\0');
  std::memcpy(data.data(), kBias.data(), 8);
  std::memcpy(data.data() + 8, kWeight.data(), 48);
  std::string header = kHeaderOfTwo;
  while (header.size() % 8 != 0) header += ' ';
  EXPECT_EQ(content_of(directory / "m"), file_of(header, data));
  EXPECT_EQ(directory.names(), std::vector<std::string>{"m"});
}

TEST(Safetensors, OrderOfTheArgumentsDoesNotMatter) {
  const TemporaryDirectory directory;
  std::vector<TensorView> tensors = two_tensors();
  write_safetensors(directory / "1", tensors, {});
  std::swap(tensors[0], tensors[1]);
  write_safetensors(directory / "2", tensors, {});
  EXPECT_EQ(content_of(directory / "1"), content_of(directory / "2"));
  EXPECT_EQ(tensors_sha256(tensors), tensors_sha256(two_tensors()));
}

TEST(Safetensors, ReadsWhatItWrote) {
  const TemporaryDirectory directory;
  write_safetensors(directory / "m", two_tensors(), {{"key", "a\n\"b\""}});
  SafetensorsFile read = read_safetensors(directory / "m");
  const SafetensorsFile file = std::move(read);  // views outlive a move
  EXPECT_EQ(file.path(), directory / "m");
  EXPECT_EQ(file.metadata(), (Metadata{{"key", "a\n\"b\""}}));
  EXPECT_EQ(file.metadata("key"), "a\n\"b\"");
  ASSERT_EQ(file.tensors().size(), 2U);
  const TensorView& bias = file.tensor("bias", {2});
  EXPECT_EQ(bias.type, TensorType::f32);
  EXPECT_EQ(bias.values(), (std::vector<double>(kBias.begin(), kBias.end())));
  EXPECT_TRUE(std::signbit(bias.values()[1]));
  const TensorView& weight = file.tensor("weight", {2, 3});
  EXPECT_EQ(weight.type, TensorType::f64);
  EXPECT_EQ(weight.size(), 6);
  EXPECT_EQ(weight.values(), kWeight);
  EXPECT_EQ(file.find("none"), nullptr);
}

TEST(Safetensors, HashCoversTheBytesBehindTheHeader) {
  const TemporaryDirectory directory;
  write_safetensors(directory / "m", two_tensors(), {{"any", "thing"}});
  const std::string content = content_of(directory / "m");
  EXPECT_EQ(tensors_sha256(two_tensors()), sha256_hex(content.substr(content.size() - 56)));
  EXPECT_EQ(tensors_sha256(read_safetensors(directory / "m").tensors()),
            tensors_sha256(two_tensors()));
}

TEST(Safetensors, HandlesNothingScalarsAndEmptyTensors) {
  const TemporaryDirectory directory;
  write_safetensors(directory / "none", {}, {});
  EXPECT_EQ(content_of(directory / "none"), file_of("{}      ", ""));
  EXPECT_TRUE(read_safetensors(directory / "none").tensors().empty());

  const std::vector<float> scalar = {std::numeric_limits<float>::quiet_NaN()};
  write_safetensors(directory / "m",
                    {TensorView("scalar", {}, std::span(scalar)),
                     TensorView("empty", {0, 7}, std::span<const float>())},
                    {});
  const SafetensorsFile file = read_safetensors(directory / "m");
  EXPECT_TRUE(std::isnan(file.tensor("scalar", {}).values().at(0)));
  EXPECT_TRUE(file.tensor("empty", {0, 7}).values().empty());
}

TEST(Safetensors, OffsetsNeedNotFollowTheNames) {
  const SafetensorsFile file =
      decode(file_of(header_of(tensor_text("a", 4, 8) + "," + tensor_text("b", 0, 4)), "bbbbaaaa"));
  EXPECT_EQ(static_cast<char>(file.tensor("a", {1}).data[0]), 'a');
  EXPECT_EQ(static_cast<char>(file.tensor("b", {1}).data[0]), 'b');
}

TEST(Safetensors, AsksForWhatIsNotThere) {
  const TemporaryDirectory directory;
  write_safetensors(directory / "m", two_tensors(), {});
  const SafetensorsFile file = read_safetensors(directory / "m");
  const std::string path = directory / "m";
  EXPECT_EQ(message_of<DataError>([&] { file.tensor("w", {2}); }), path + ": no tensor 'w'");
  EXPECT_EQ(message_of<DataError>([&] {
              file.tensor("weight", {3, 2});
            }),
            path + ": tensor 'weight': expected shape [3, 2], found [2, 3]");
  EXPECT_EQ(message_of<DataError>([&] { file.metadata("k"); }), path + ": no metadata 'k'");
}

TEST(Safetensors, RefusesToWriteWhatJsonCannotHold) {
  const TemporaryDirectory directory;
  const auto message = [&](const std::vector<TensorView>& tensors, const Metadata& metadata) {
    return message_of<DataError>([&] { write_safetensors(directory / "m", tensors, metadata); });
  };
  EXPECT_EQ(message({}, {{"classes", "caf\xe9"}}),
            directory / R"(m: metadata 'classes' is not valid UTF-8: 'caf\xe9')");
  EXPECT_EQ(message({}, {{"\xff", ""}}),
            directory / R"(m: a key of the metadata is not valid UTF-8: '\xff')");
  EXPECT_EQ(message({TensorView("\xff", {2}, std::span(kBias))}, {}),
            directory / R"(m: a tensor's name is not valid UTF-8: '\xff')");
  EXPECT_TRUE(directory.names().empty());
}

TEST(Safetensors, RefusesToWriteAHeaderBeyondTheLimit) {
  const TemporaryDirectory directory;
  EXPECT_EQ(message_of<OutputError>([&] {
              write_safetensors(directory / "m", {}, {{"k", std::string(100'000'000, 'x')}});
            }),
            directory / "m: names and metadata take 100000032 bytes, the format allows 100000000");
  EXPECT_TRUE(directory.names().empty());
}

TEST(SafetensorsReader, NamesFilesThatCannotBeRead) {
  const TemporaryDirectory directory;
  put_content(directory / "file", "x");
  const std::string missing = directory / "none.safetensors";
  const std::string below = directory / "file/m";
  EXPECT_EQ(message_of<MissingInputError>([&] { read_safetensors(missing); }),
            missing + ": no such file");
  EXPECT_EQ(message_of<MissingInputError>([&] { read_safetensors(below); }),
            below + ": cannot open: Not a directory");
  EXPECT_EQ(message_of<DataError>([&] { read_safetensors(directory.path()); }),
            directory.path() + ": expected a model file, found a directory");
  EXPECT_EQ(message_of<DataError>([] { read_safetensors("/dev/null"); }),
            "/dev/null: expected a model file, found a device or pipe");
  const std::string pipe = directory / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(message_of<DataError>([&] { read_safetensors(pipe); }),
            pipe + ": expected a model file, found a device or pipe");
}

TEST(SafetensorsReader, RefusesEveryTruncation) {
  const TemporaryDirectory directory;
  write_safetensors(directory / "m", two_tensors(), {{"a", "b"}});
  const std::string whole = content_of(directory / "m");
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    put_content(directory / "cut", std::string_view(whole).substr(0, bytes));
    const std::string message = message_of<DataError>([&] { read_safetensors(directory / "cut"); });
    EXPECT_EQ(message.rfind(directory / "cut: truncated: ", 0), 0U) << bytes << ": " << message;
    EXPECT_EQ(message_of<DataError>([&] { decode(whole.substr(0, bytes)); }).rfind("m: trunc", 0),
              0U);
  }
}

TEST(SafetensorsReader, SaysWhatIsTruncated) {
  EXPECT_EQ(error_of_file("abc"), "m: truncated: the file has 3 bytes, its header's size takes 8");
  EXPECT_EQ(error_of_file(file_of("{}      ", "").substr(0, 10)),
            "m: truncated: it states a header of 8 bytes, 2 follow");
  EXPECT_EQ(error_of(header_of(tensor_text("a", 0, 12)), 9),
            "m: truncated: the header promises 12 bytes of tensors, the file has 9");
  EXPECT_EQ(error_of(header_of(tensor_text("a", 0, 12)), 13),
            "m: the header promises 12 bytes of tensors, the file has 13");
}

TEST(SafetensorsReader, LimitsTheHeader) {
  EXPECT_EQ(error_of_file(std::string(16, '\xff')),
            "m: not a safetensors file: it states a header of 18446744073709551615 bytes, at most "
            "100000000 are allowed");
  std::string file = file_of("{}", "");
  file[3] = 0x05;
  EXPECT_EQ(error_of_file(file), "m: truncated: it states a header of 83886082 bytes, 2 follow");
}

TEST(SafetensorsReader, RefusesBadJson) {
  EXPECT_EQ(error_of(""), "m: the header is not a JSON object");
  EXPECT_EQ(error_of(" {}"), "m: the header is not a JSON object");
  EXPECT_EQ(error_of("[]"), "m: the header is not a JSON object");
  EXPECT_EQ(error_of("{\"a\":}"), "m: the header is not valid JSON at its byte 6");
  EXPECT_EQ(error_of("{} {}"), "m: the header is not valid JSON at its byte 4");
  EXPECT_EQ(error_of(std::string("{}\0garbage", 10)),
            "m: the header is not valid JSON at its byte 3");
  EXPECT_EQ(error_of("{\"\xff\":1}"), "m: the header is not valid JSON at its byte 3");
  EXPECT_EQ(error_of("{\"a\":1e999}"), "m: the header is not valid JSON: a number is too large");
  EXPECT_EQ(error_of("{\"a\":[[[[[]]]]]}"), "m: the header nests deeper than the format does");
  EXPECT_EQ(error_of("{\"a\":" + std::string(1'000'000, '[')),
            "m: the header nests deeper than the format does");
}

TEST(SafetensorsReader, RefusesDuplicateNames) {
  const std::string a = tensor_text("a", 0, 4);
  EXPECT_EQ(error_of(header_of(a + "," + a), 4), "m: the header names 'a' twice");
  EXPECT_EQ(error_of(R"({"__metadata__":{"k":"1","k":"2"}})"), "m: the header names 'k' twice");
  EXPECT_EQ(error_of(one(R"("dtype":"F32","dtype":"F32")")), "m: the header names 'dtype' twice");
  // Not duplicates: the same key of different objects.
  const SafetensorsFile file = decode(file_of(R"({"__metadata__":{"a":"1"},)" + a + "}", "data"));
  EXPECT_EQ(file.tensors().size(), 1U);
}

TEST(SafetensorsReader, RefusesBadEntries) {
  const std::string incomplete =
      "m: tensor 'a': expected an object of dtype, shape and data_offsets";
  EXPECT_EQ(error_of(R"({"a":1})"), incomplete);
  EXPECT_EQ(error_of(one("")), incomplete);
  EXPECT_EQ(error_of(one(R"("dtype":"F32","shape":[],"offsets":[0,4])"), 4), incomplete);
  EXPECT_EQ(error_of(one(R"("dtype":"F32","shape":[],"data_offsets":[0,4],"x":1)"), 4), incomplete);
  EXPECT_EQ(error_of(one(R"("dtype":"I64","shape":[],"data_offsets":[0,8])"), 8),
            "m: tensor 'a': unknown dtype 'I64'; known: F32, F64");
  EXPECT_EQ(error_of(one(R"("dtype":32,"shape":[],"data_offsets":[0,4])"), 4),
            "m: tensor 'a': unknown dtype '32'; known: F32, F64");
  for (const char* shape : {"2", "[-1]", "[1.5]", "[\"2\"]", "[9223372036854775808]", "[true]",
                            "[1,1,1,1,1,1,1,1,1]"}) {
    const std::string members =
        R"("dtype":"F32","shape":)" + std::string(shape) + R"(,"data_offsets":[0,4])";
    EXPECT_EQ(error_of(one(members), 4),
              "m: tensor 'a': shape: expected a list of at most 8 sizes");
  }
  for (const char* offsets : {"4", "[0]", "[0,4,8]", "[4,0]", "[-4,0]", "[0,4.0]", "[\"0\",4]"}) {
    const std::string members =
        R"("dtype":"F32","shape":[1],"data_offsets":)" + std::string(offsets);
    EXPECT_EQ(error_of(one(members), 4),
              "m: tensor 'a': data_offsets: expected [begin, end] with 0 ≤ begin ≤ end");
  }
}

TEST(SafetensorsReader, RefusesBadMetadata) {
  EXPECT_EQ(error_of(R"({"__metadata__":[]})"), "m: __metadata__: expected an object of strings");
  EXPECT_EQ(error_of(R"({"__metadata__":{"k":1}})"), "m: __metadata__: 'k': expected a string");
}

TEST(SafetensorsReader, ChecksProductsBeforeItBelievesThem) {
  EXPECT_EQ(error_of(one(R"("dtype":"F64","shape":[2,3],"data_offsets":[0,20])"), 20),
            "m: tensor 'a': shape [2, 3] of F64 takes 48 bytes, data_offsets span 20");
  // 2³² · 2³² · 4 bytes is 0 modulo 2⁶⁴.
  EXPECT_EQ(error_of(one(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0])")),
            "m: tensor 'a': shape [4294967296, 4294967296] is too large");
  // 2⁶¹ doubles: the product of the shape fits, its bytes do not.
  EXPECT_EQ(error_of(one(R"("dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0])")),
            "m: tensor 'a': shape [2305843009213693952] is too large");
  // A terabyte is promised: nothing of it is allocated.
  EXPECT_EQ(
      error_of(one(R"("dtype":"F32","shape":[274877906944],"data_offsets":[0,1099511627776])")),
      "m: truncated: the header promises 1099511627776 bytes of tensors, the file has 0");
}

TEST(SafetensorsReader, RefusesOverlapsAndHoles) {
  const auto error = [](const std::string& first, const std::string& second, std::size_t bytes) {
    return error_of(header_of(first + "," + second), bytes);
  };
  EXPECT_EQ(error(tensor_text("a", 0, 8), tensor_text("b", 4, 12), 12),
            "m: tensors 'a' and 'b' overlap");
  EXPECT_EQ(error(tensor_text("a", 0, 8), tensor_text("b", 0, 8), 8),
            "m: tensors 'a' and 'b' overlap");
  EXPECT_EQ(error(tensor_text("a", 8, 12), tensor_text("b", 0, 4), 12),
            "m: bytes 4 to 8 of the tensors belong to none");
  EXPECT_EQ(error_of(header_of(tensor_text("a", 4, 8)), 8),
            "m: bytes 0 to 4 of the tensors belong to none");
  EXPECT_EQ(error_of("{}", 4), "m: the header promises 0 bytes of tensors, the file has 4");
}

// Any single byte may be wrong: the reader throws a DataError or reads a valid file.
TEST(SafetensorsReader, SurvivesEveryFlippedByteOfTheHeader) {
  const TemporaryDirectory directory;
  write_safetensors(directory / "m", two_tensors(), {{"a", "b"}});
  const std::string whole = content_of(directory / "m");
  int refused = 0;
  for (std::size_t at = 0; at < whole.size() - 56; ++at) {
    for (const char flip : {'\x01', '\x02', '\x10', '\x20', '\x7f'}) {
      std::string broken = whole;
      broken[at] = static_cast<char>(broken[at] ^ flip);
      try {
        const SafetensorsFile file = decode(broken);
        std::size_t bytes = 0;
        for (const TensorView& tensor : file.tensors()) bytes += tensor.data.size();
        EXPECT_EQ(bytes, 56U);
      } catch (const DataError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 400);
}

}  // namespace
}  // namespace lockstep
