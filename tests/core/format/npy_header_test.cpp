#include "core/format/npy_header.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "core/base/error.hpp"
#include "tests/core/format/npy_examples.hpp"
#include "tests/core/format/npy_files.hpp"

namespace lockstep {
namespace {

using test::npy_dictionary;
using test::npy_examples;
using test::npy_file;
using test::NpyExample;

/// Reads the header at the beginning of `file` as a reader of files does.
NpyHeader header_of(const std::string& file) {
  const auto bytes = std::as_bytes(std::span(file));
  const Range place = find_npy_dictionary(bytes.first(std::min(bytes.size(), kNpyPreamble)),
                                          static_cast<Index>(file.size()), "a.npy");
  return parse_npy_dictionary(std::string_view(file).substr(static_cast<std::size_t>(place.begin),
                                                            static_cast<std::size_t>(place.size())),
                              place, "a.npy");
}

std::string error_of(const std::string& file) {
  try {
    header_of(file);
  } catch (const DataError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

std::string error_of_dictionary(const std::string& dictionary) {
  return error_of(npy_file(dictionary, ""));
}

std::string error_of_descr(const std::string& descr) {
  return error_of_dictionary(npy_dictionary(descr, "(2,)"));
}

std::string error_of_shape(const std::string& shape) {
  return error_of_dictionary(npy_dictionary("<f8", shape));
}

TEST(NpyHeader, ReadsWhatNumpyWrites) {
  EXPECT_EQ(npy_examples().size(), 34U);
  for (const NpyExample& example : npy_examples()) {
    const NpyHeader header = header_of(example.file);
    EXPECT_EQ(header.type, example.header.type);
    EXPECT_EQ(header.fortran_order, example.header.fortran_order);
    EXPECT_EQ(header.shape, example.header.shape);
    EXPECT_EQ(header.data_begin + 6 * size_of(header.type),
              static_cast<Index>(example.file.size()));
  }
}

TEST(NpyHeader, TakesTheWaysInWhichOthersWriteIt) {
  // Python 2 on Windows; another order, quotes, blanks, no comma at the end; no blanks at all.
  for (const char* dictionary :
       {"{'descr': '<i4', 'fortran_order': False, 'shape': (2L, 3L), }          \n",
        "  {\"shape\" : ( 2 ,3, ) ,\n\t\"fortran_order\":False, \"descr\": \"<i4\"}\r\n",
        "{'shape':(2,3),'descr':'<i4','fortran_order':False}"}) {
    for (const int version : {1, 2, 3}) {
      const NpyHeader header = header_of(npy_file(dictionary, "", version));
      EXPECT_EQ(header.type, NpyType::i32);
      EXPECT_FALSE(header.fortran_order);
      EXPECT_EQ(header.shape, (std::vector<Index>{2, 3}));
      EXPECT_EQ(header.data_begin, static_cast<Index>(npy_file(dictionary, "", version).size()));
    }
  }
  EXPECT_TRUE(header_of(npy_file(npy_dictionary("<f8", "(2,)", true), "")).fortran_order);
  EXPECT_EQ(header_of(npy_file(npy_dictionary("<f8", "(2L,)"), "")).shape, std::vector<Index>{2});
  EXPECT_TRUE(header_of(npy_file(npy_dictionary("<f8", "()"), "")).shape.empty());
  EXPECT_EQ(header_of(npy_file(npy_dictionary("<f8", "(1, 2, 0, 9223372036854775807)"), "")).shape,
            (std::vector<Index>{1, 2, 0, 9223372036854775807}));
}

TEST(NpyHeader, ASingleByteHasNoOrder) {
  for (const char* descr : {"|u1", "<u1", ">u1", "=u1"}) {
    EXPECT_EQ(header_of(npy_file(npy_dictionary(descr, "(2,)"), "")).type, NpyType::u8);
  }
  EXPECT_EQ(header_of(npy_file(npy_dictionary("<i1", "(2,)"), "")).type, NpyType::i8);
}

TEST(NpyHeader, RefusesOtherFiles) {
  EXPECT_EQ(error_of("PK\x03\x04 and so on"),
            "a.npy: a zip archive, as .npz files are; save each array in a .npy file of its own, "
            "with numpy.save");
  EXPECT_EQ(error_of("c0,c1\n1,2\n"),
            "a.npy: not a .npy file: expected the magic bytes 93 4e 55 4d 50 59, found 63 30 2c 63 "
            "31 0a");
  EXPECT_EQ(error_of("\x93NUM"),
            "a.npy: not a .npy file: expected the magic bytes 93 4e 55 4d 50 59, found 93 4e 55 "
            "4d");
  EXPECT_EQ(error_of(""),
            "a.npy: not a .npy file: expected the magic bytes 93 4e 55 4d 50 59, found nothing");
  EXPECT_EQ(error_of(npy_file("{}", "", 4)),
            "a.npy: .npy file of version 4.0; expected 1.0, 2.0 or 3.0");
  EXPECT_EQ(error_of(std::string("\x93NUMPY\x01\x02\x00\x00", 10)),
            "a.npy: .npy file of version 1.2; expected 1.0, 2.0 or 3.0");
  EXPECT_EQ(error_of(std::string("\x93NUMPY\x00\x00\x00\x00", 10)),
            "a.npy: .npy file of version 0.0; expected 1.0, 2.0 or 3.0");
}

TEST(NpyHeader, RefusesFilesThatEndInIt) {
  EXPECT_EQ(error_of("\x93NUMPY\x01"), "a.npy: truncated: expected a header of 10 bytes, found 7");
  EXPECT_EQ(error_of(std::string("\x93NUMPY\x02\x00\x10\x00", 10)),
            "a.npy: truncated: expected a header of 12 bytes, found 10");
  const std::string whole = npy_file(npy_dictionary("<f8", "(2,)"), "");
  EXPECT_EQ(whole.size(), 68U);
  EXPECT_EQ(error_of(whole.substr(0, 40)),
            "a.npy: truncated: expected a header of 68 bytes, found 40");
  EXPECT_EQ(error_of(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12)),
            "a.npy: expected a header of at most 1048576 bytes, found 4294967295");
}

TEST(NpyHeader, NamesElementsThatAreNoNumbersOfItsOwn) {
  EXPECT_EQ(error_of_descr("|O"),
            "a.npy: expected numbers, found Python objects (dtype '|O'); pickles are never opened; "
            "save a.astype('f8')");
  EXPECT_EQ(error_of_descr("O8"),
            "a.npy: expected numbers, found Python objects (dtype 'O8'); pickles are never opened; "
            "save a.astype('f8')");
  EXPECT_EQ(error_of_descr("|b1"),
            "a.npy: expected numbers, found truth values (dtype '|b1'); save a.astype('u1')");
  EXPECT_EQ(error_of_descr("<c16"),
            "a.npy: expected numbers, found complex numbers (dtype '<c16'); save a.real and a.imag "
            "as columns");
  EXPECT_EQ(error_of_descr("<U5"),
            "a.npy: expected numbers, found text (dtype '<U5'); save numbers, or all of it as CSV");
  EXPECT_EQ(error_of_descr("|S5"),
            "a.npy: expected numbers, found text (dtype '|S5'); save numbers, or all of it as CSV");
  EXPECT_EQ(error_of_descr("|a5"),
            "a.npy: expected numbers, found text (dtype '|a5'); save numbers, or all of it as CSV");
  EXPECT_EQ(error_of_descr("<M8[ns]"),
            "a.npy: expected numbers, found dates (dtype '<M8[ns]'); save a.astype('i8')");
  EXPECT_EQ(error_of_descr("<m8[D]"),
            "a.npy: expected numbers, found differences of dates (dtype '<m8[D]'); save "
            "a.astype('i8')");
  EXPECT_EQ(error_of_descr("|V16"),
            "a.npy: expected numbers, found raw bytes (dtype '|V16'); save numbers");
  EXPECT_EQ(error_of_descr("<f2"),
            "a.npy: expected numbers, found numbers of half precision (dtype '<f2'); save "
            "a.astype('<f4')");
  EXPECT_EQ(error_of_descr("<f16"),
            "a.npy: expected numbers, found numbers of extended precision (dtype '<f16'); save "
            "a.astype('<f8')");
  EXPECT_EQ(error_of_descr(">i4"),
            "a.npy: expected numbers, found big-endian numbers (dtype '>i4'); save "
            "a.astype('<i4')");
  for (const char* descr : {"f8", "=f8", "|f8", "<i16", "<f80", "", "<"}) {
    EXPECT_EQ(error_of_descr(descr), "a.npy: unknown dtype '" + std::string(descr) +
                                         "'; known: |i1 <i2 <i4 <i8 |u1 <u2 <u4 <u8 <f4 <f8");
  }
}

TEST(NpyHeader, RefusesRecordsWhateverIsInThem) {
  EXPECT_EQ(error_of_dictionary("{'descr': [('a', '<f8'), ('b', '|O')], 'shape': (2,), }"),
            "a.npy: expected numbers, found records (dtype '[('a', '<f8'), ('b', '|O')]'); save "
            "their fields as columns of one array");
  EXPECT_EQ(error_of_dictionary("{'descr': ('<f8', (3,)), }"),
            "a.npy: expected numbers, found records (dtype '('<f8', (3,))'); save their fields "
            "as columns of one array");
  EXPECT_EQ(error_of_dictionary("{'descr': [('a',"),
            "a.npy: expected numbers, found records (dtype '[('a','); save their fields as columns "
            "of one array");
}

TEST(NpyHeader, RefusesWhatIsNoDictionary) {
  EXPECT_EQ(error_of_dictionary(""),
            "a.npy: header: expected a dictionary at byte 10, found its end");
  EXPECT_EQ(error_of_dictionary("  [1]"),
            "a.npy: header: expected a dictionary at byte 12, found '[1]'");
  EXPECT_EQ(error_of_dictionary("{'descr': '<f8' 'shape'"),
            "a.npy: header: expected a comma or } at byte 26, found ''shape''");
  EXPECT_EQ(error_of_dictionary("{'descr' '<f8'"),
            "a.npy: header: expected a colon at byte 19, found ''<f8''");
  EXPECT_EQ(error_of_dictionary("{'descr': <f8"),
            "a.npy: header: expected the name of a dtype at byte 20, found '<f8'");
  EXPECT_EQ(error_of_dictionary("{'descr': '<f8"),
            "a.npy: header: expected the name of a dtype at byte 20, found ''<f8'");
  EXPECT_EQ(error_of_dictionary("{'descr': '<\\x66'}"),
            "a.npy: header: expected the name of a dtype at byte 20, found ''<\\x66'}'");
  EXPECT_EQ(error_of_dictionary("{'descr': '<f8', 'fortran_order': false}"),
            "a.npy: header: expected True or False at byte 44, found 'false}'");
  EXPECT_EQ(error_of_dictionary("{'fortran_order': True1}"),
            "a.npy: header: expected a comma or } at byte 32, found '1}'");
  EXPECT_EQ(error_of_dictionary("{'order': 'C'}"),
            "a.npy: header: expected 'descr', 'fortran_order' or 'shape' at byte 11, found "
            "''order': 'C'}'");
  EXPECT_EQ(error_of_dictionary("{'descr': '<f8', , }"),
            "a.npy: header: expected 'descr', 'fortran_order' or 'shape' at byte 27, found ', }'");
  EXPECT_EQ(error_of_dictionary("{'descr': '<f8', 'descr': '<f8'}"),
            "a.npy: header: expected each key once at byte 27, found ''descr': '<f8'}'");
  EXPECT_EQ(error_of_dictionary(npy_dictionary("<f8", "(2,)") + "__import__('os')"),
            "a.npy: header: expected nothing but blanks after the dictionary at byte 68, found "
            "'__import__('os')'");
  EXPECT_EQ(error_of_dictionary(npy_dictionary("<f8", "(2,)") + std::string(3, '\0')),
            "a.npy: header: expected nothing but blanks after the dictionary at byte 68, found "
            "'\\x00\\x00\\x00'");
  EXPECT_EQ(error_of_dictionary("{}"), "a.npy: no 'descr' in the header");
  EXPECT_EQ(error_of_dictionary("{'descr': '<f8', 'shape': (2,)}"),
            "a.npy: no 'fortran_order' in the header");
  EXPECT_EQ(error_of_dictionary("{'descr': '<f8', 'fortran_order': False}"),
            "a.npy: no 'shape' in the header");
}

TEST(NpyHeader, RefusesWhatIsNoShape) {
  EXPECT_EQ(error_of_shape("[2, 3]"),
            "a.npy: header: expected a tuple of dimensions at byte 60, found '[2, 3], }\\x0a'");
  EXPECT_EQ(error_of_shape("2"),
            "a.npy: header: expected a tuple of dimensions at byte 60, found '2, }\\x0a'");
  EXPECT_EQ(error_of_shape("(2)"),
            "a.npy: header: expected a comma, for shapes are tuples, at byte 62, found "
            "'), }\\x0a'");
  EXPECT_EQ(error_of_shape("(-1, 2)"),
            "a.npy: header: expected a dimension at byte 61, found '-1, 2), }\\x0a'");
  EXPECT_EQ(error_of_shape("(02, 2)"),
            "a.npy: header: expected a dimension at byte 61, found '02, 2), }\\x0a'");
  EXPECT_EQ(error_of_shape("(,)"),
            "a.npy: header: expected a dimension at byte 61, found ',), }\\x0a'");
  EXPECT_EQ(error_of_shape("(2LL,)"),
            "a.npy: header: expected a comma, for shapes are tuples, at byte 63, found "
            "'L,), }\\x0a'");
  EXPECT_EQ(error_of_shape("(2, 3 4)"),
            "a.npy: header: expected a comma or ) at byte 66, found '4), }\\x0a'");
  EXPECT_EQ(error_of_shape("(2.0,)"),
            "a.npy: header: expected a comma, for shapes are tuples, at byte 62, found "
            "'.0,), }\\x0a'");
  EXPECT_EQ(error_of_shape("(9223372036854775808, 1)"),
            "a.npy: header: expected a dimension below 2^63 at byte 61, found "
            "'9223372036854775808, 1), }\\x0a'");
  EXPECT_EQ(error_of_dictionary("{'descr': '<f8', 'fortran_order': False, 'shape': (2, "),
            "a.npy: header: expected a dimension at byte 64, found its end");
}

}  // namespace
}  // namespace lockstep
