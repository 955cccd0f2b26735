"""Stateful fakes of the services and the contract suites: for our tests, the demo and outside authors."""
