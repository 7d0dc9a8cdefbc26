from pharmacy.cli import main

main(prog_name="pharmacy")
